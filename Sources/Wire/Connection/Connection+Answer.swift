import Glibc

extension Connection {
  /// A body up to this size is copied behind its head and sent with it.
  private static let coalescedBytes = 16 << 10

  /// Sends head and body. Throws when the peer did not get all of them; the caller resets the connection then.
  nonisolated(nonsending) func answer(_ response: Response, to incoming: Incoming, keepsAlive: Bool)
    async throws(ConnectionFailure)
  {
    if let failure { throw failure }
    let hasBody = response.allowsBody && incoming.request.method != .head
    let framing = response.framing(inVersion11: incoming.isVersion11)
    var head = takeHeadBuffer()
    AnswerHead(
      status: response.status, fields: response.fields, framing: framing,
      connection: persistence(keepsAlive, incoming)
    ).write(to: &head, date: loop.date.current())
    guard hasBody else { return try await writeHead(head) }
    switch response.body {
    case .empty, .absent: try await writeHead(head)
    case .bytes(let bytes) where bytes.count <= Self.coalescedBytes:
      head.append(contentsOf: bytes)
      try await writeHead(head)
    case .bytes(let bytes):
      try await writeHead(head, more: true)
      try await write(bytes)
    case .file(let region):
      try await writeHead(head, more: region.count > 0)
      try await send(region)
    case .stream(let length, let stream):
      try await writeHead(head)
      try await send(stream, length: length, isChunked: framing == .chunked)
    }
  }

  private func persistence(_ keepsAlive: Bool, _ incoming: Incoming) -> AnswerHead.Persistence {
    guard keepsAlive else { return .close }
    return incoming.isVersion11 ? .keepAlive : .keepAliveSaid
  }

  private func takeHeadBuffer() -> [UInt8] {
    var buffer: [UInt8] = []
    swap(&buffer, &loop.headBuffer)
    buffer.removeAll(keepingCapacity: true)
    return buffer
  }

  private nonisolated(nonsending) func writeHead(_ head: consuming [UInt8], more: Bool = false)
    async throws(ConnectionFailure)
  {
    let head = head
    try await write(head, more: more)
    loop.headBuffer = head
  }

  /// The bytes as they come. A stream that fails, or is longer or shorter than it said, ends in a reset.
  private nonisolated(nonsending) func send(_ stream: any ResponseStream, length: Int64?, isChunked: Bool)
    async throws(ConnectionFailure)
  {
    var sent: Int64 = 0
    while let piece = try await next(of: stream) {
      guard !piece.isEmpty else { continue }
      sent += Int64(piece.count)
      guard length.map({ sent <= $0 }) ?? true else { throw .answerFailed }
      try await write(isChunked ? Self.chunk(piece) : piece)
    }
    guard length.map({ sent == $0 }) ?? true else { throw .answerFailed }
    if isChunked { try await write(Array("0\r\n\r\n".utf8)) }
  }

  private nonisolated(nonsending) func next(of stream: any ResponseStream) async throws(ConnectionFailure) -> [UInt8]? {
    do {
      let piece = try await stream.next()
      assert(loop.isCurrent, "a task that prefers its loop comes back to it after each await")
      return piece
    } catch {
      throw failure ?? .answerFailed
    }
  }

  private static func chunk(_ piece: [UInt8]) -> [UInt8] {
    var chunk: [UInt8] = []
    chunk.reserveCapacity(piece.count + 20)
    chunk.append(contentsOf: String(piece.count, radix: 16).utf8)
    chunk.append(contentsOf: [Octet.carriageReturn, Octet.lineFeed])
    chunk.append(contentsOf: piece)
    chunk.append(contentsOf: [Octet.carriageReturn, Octet.lineFeed])
    return chunk
  }
}

extension Response {
  /// RFC 9110 §6.4.1: these have none whatever the handler says.
  fileprivate var allowsBody: Bool { status >= 200 && status != 204 && status != 304 }

  func framing(inVersion11: Bool) -> AnswerHead.Framing {
    guard allowsBody else { return .none }
    if let length = body.length { return .length(length) }
    return inVersion11 ? .chunked : .untilClose
  }
}
