/// What answers requests. Called on the connection's event loop and must not block it: files and databases belong on
/// other threads.
///
/// The task is cancelled when the connection ends and when the client ends its side, which is how most of them leave. Who
/// waits for something that may take long gives up then; an answer that is made all the same is sent, for a client may have
/// ended its side and read on.
public protocol Handler: Sendable {
  func respond(to request: Request, body: any RequestBody) async -> Response

  /// After the last byte of an answer was handed to the kernel, or the connection failed.
  func finished(_ request: Request, _ outcome: Exchange) async
}

/// How a request went, for the log and the metrics.
public struct Exchange: Sendable {
  public let status: Int
  public let bytesReceived: Int64
  public let bytesSent: Int64
  public let nanoseconds: Int64
  /// The connection ended before the answer did.
  public let isCut: Bool

  public init(status: Int, bytesReceived: Int64, bytesSent: Int64, nanoseconds: Int64, isCut: Bool) {
    self.status = status
    self.bytesReceived = bytesReceived
    self.bytesSent = bytesSent
    self.nanoseconds = nanoseconds
    self.isCut = isCut
  }
}

/// The body of a request, pulled: nothing is read from the socket that nobody asked for.
///
/// What a handler leaves unread is drained up to a bound, else the connection closes after the answer.
public protocol RequestBody: Sendable {
  /// As declared by Content-Length; `nil` for a chunked body.
  var length: Int64? { get }

  /// The next bytes (at most 256 KiB), `nil` at the end. `100 Continue` goes out at the first call when the client
  /// waits for it.
  func next() async throws(BodyError) -> [UInt8]?
}

public enum BodyError: Error, Sendable {
  /// The client closed or reset the connection.
  case disconnected
  /// Framing that is none.
  case malformed
  /// Slower than the minimum rate, or past the deadline.
  case tooSlow
  /// The server is stopping.
  case stopping
}

/// A body that is in memory: for tests, and for calls within the process.
public final class MemoryBody: RequestBody, @unchecked Sendable {
  // Unchecked: one handler reads a body, one piece after the other.
  public let length: Int64?
  private var pieces: ArraySlice<[UInt8]>

  public init(_ bytes: [UInt8] = [], declaresLength: Bool = true) {
    length = declaresLength ? Int64(bytes.count) : nil
    pieces = bytes.isEmpty ? [] : [bytes]
  }

  public func next() async throws(BodyError) -> [UInt8]? { pieces.popFirst() }
}
