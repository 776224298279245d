/// An answer as a value. `Wire` adds framing (`Content-Length`, `Transfer-Encoding`, `Connection`, `Date`), leaves the
/// body out for HEAD and 204/304, and sends files by `sendfile` where it can.
public struct Response: Sendable {
  public var status: Int
  public var fields: Fields
  public var body: Body
  /// Close the connection after this answer.
  public var closesConnection = false

  public init(status: Int, fields: Fields = Fields(), body: Body = .empty) {
    self.status = status
    self.fields = fields
    self.body = body
  }

  public enum Body: Sendable {
    case empty
    case bytes([UInt8])
    case file(FileRegion)
    /// The length when it is known (else chunked) and the bytes as they come.
    case stream(length: Int64?, any ResponseStream)
    /// For HEAD of something that was never opened: the `Content-Length` that GET would have.
    case absent(length: Int64)

    public var length: Int64? {
      switch self {
      case .empty: 0
      case .bytes(let bytes): Int64(bytes.count)
      case .file(let region): region.count
      case .stream(let length, _): length
      case .absent(let length): length
      }
    }
  }
}

/// A part of an open file. The descriptor stays open as long as `owner` lives.
public struct FileRegion: Sendable {
  public let descriptor: Int32
  public let offset: Int64
  public let count: Int64
  let owner: any Sendable

  public init(descriptor: Int32, offset: Int64, count: Int64, owner: any Sendable) {
    self.descriptor = descriptor
    self.offset = offset
    self.count = count
    self.owner = owner
  }
}

/// Body bytes as they come. `Wire` asks for the next piece when the socket took the last one.
public protocol ResponseStream: Sendable {
  /// `nil` ends the body. An error resets the connection, so that nothing wrong or short ends cleanly.
  func next() async throws -> [UInt8]?
}
