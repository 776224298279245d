/// Why there is no answer, or no whole one. Names the host, and neither path nor field, which may be secret.
public enum HTTPClientError: Error, Sendable {
  case cannotConnect(HTTPOrigin, ConnectFailure)
  /// One of the two sides did not like the other's certificate, version or cipher. Nothing of the request was sent, but when
  /// the peer refused ours: in TLS 1.3 it says so after the handshake.
  case tlsRefused(HTTPOrigin, reason: String)
  case late(HTTPOrigin, Deadline)
  /// The peer moved fewer bytes than `HTTPPatience` asks for.
  case stalled(HTTPOrigin)
  /// The connection ended before the message did.
  case cut(HTTPOrigin, reason: String)
  case tooLarge(HTTPOrigin, Part, limitBytes: Int)
  /// What came is no answer of HTTP.
  case malformedAnswer(HTTPOrigin, reason: String)
  /// Not sent: the caller's fault.
  case malformedRequest(reason: String)
  /// The source of the request's body failed.
  case bodySourceFailed(any Error)
  /// The task was cancelled, or the body was let go of.
  case cancelled
  /// Not sent: as many requests wait as `HTTPClientLimits.waitingRequests` lets.
  case crowded(HTTPOrigin)
  /// The client was closed.
  case closed

  public enum ConnectFailure: Hashable, Sendable {
    case unknownName
    case refused
    case timedOut
    case unreachable
    case other(String)
  }

  public enum Deadline: Sendable {
    case firstByte
    case whole
  }

  public enum Part: Sendable {
    case head
    case body
  }
}

extension HTTPClientError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cannotConnect(let origin, let failure): "cannot connect to \(origin): \(failure)"
    case .tlsRefused(let origin, let reason): "TLS with \(origin) failed: \(reason)"
    case .late(let origin, .firstByte): "\(origin) did not answer in time"
    case .late(let origin, .whole): "the exchange with \(origin) took too long"
    case .stalled(let origin): "the transfer with \(origin) was too slow"
    case .cut(let origin, let reason): "\(origin) ended the connection early: \(reason)"
    case .tooLarge(let origin, let part, let limit): "the \(part) of \(origin)'s answer is larger than \(limit) bytes"
    case .malformedAnswer(let origin, let reason): "\(origin) does not speak HTTP as it should: \(reason)"
    case .malformedRequest(let reason): "the request cannot be sent: \(reason)"
    case .bodySourceFailed: "the body of the request could not be read"
    case .cancelled: "cancelled"
    case .crowded(let origin): "too many requests wait, the one to \(origin) was not sent"
    case .closed: "the client is closed"
    }
  }
}

extension HTTPClientError.ConnectFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownName: "the name has no address"
    case .refused: "refused"
    case .timedOut: "no answer in time"
    case .unreachable: "no way there"
    case .other(let reason): reason
    }
  }
}
