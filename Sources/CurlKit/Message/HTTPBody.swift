/// The body of an answer, as it comes, for one reader.
///
/// Nothing is read ahead beyond `Exchange.capacityBytes`: then the peer waits until the reader has come. The end is an
/// end only when the message was whole; anything else is an error.
public final class HTTPBody: Sendable, AsyncSequence {
  public typealias Element = [UInt8]
  public typealias Failure = HTTPClientError

  private let exchange: Exchange
  /// The client's thread lives as long as somebody reads.
  private let client: HTTPClient

  init(_ exchange: Exchange, _ client: HTTPClient) {
    self.exchange = exchange
    self.client = client
  }

  deinit { exchange.cancel() }

  /// The next bytes, at least one; `nil` at the end.
  public func next() async throws(HTTPClientError) -> [UInt8]? { try await exchange.nextPiece() }

  /// The rest, when it is no more than so many bytes.
  public func collect(atMost limitBytes: Int) async throws(HTTPClientError) -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = try await next() {
      guard bytes.count + piece.count <= limitBytes else {
        exchange.cancel()
        throw .tooLarge(exchange.origin, .body, limitBytes: limitBytes)
      }
      if bytes.isEmpty { bytes = piece } else { bytes += piece }
    }
    return bytes
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(body: self) }

  public struct AsyncIterator: AsyncIteratorProtocol {
    let body: HTTPBody

    public mutating func next(isolation actor: isolated (any Actor)?) async throws(HTTPClientError) -> [UInt8]? {
      try await body.next()
    }

    public mutating func next() async throws(HTTPClientError) -> [UInt8]? { try await body.next() }
  }
}
