/// The body of a request while it still lies in the socket.
///
/// Its state belongs to the connection's loop; a call from elsewhere runs there.
final class ConnectionBody: RequestBody, @unchecked Sendable {
  // Unchecked: touched on the loop's thread only.

  enum Rest {
    case length(Int64)
    case chunked(ChunkedDecoder)
    case none
    case failed(BodyError)
  }

  let length: Int64?
  private let connection: Connection
  private(set) var rest: Rest
  /// The client holds its body back until it is asked for.
  private(set) var owesContinue: Bool
  private(set) var receivedBytes: Int64 = 0

  static let pieceBytes = 256 << 10

  init(_ incoming: Incoming, _ connection: Connection) {
    self.connection = connection
    owesContinue = incoming.expectsContinue
    switch incoming.framing {
    case .none: (length, rest) = (0, .none)
    case .length(let count): (length, rest) = (count, .length(count))
    case .chunked: (length, rest) = (nil, .chunked(ChunkedDecoder()))
    }
  }

  func next() async throws(BodyError) -> [UInt8]? {
    if connection.loop.isCurrent { return try await pull() }
    return try await withTaskExecutorPreference(connection.loop) { () async throws(BodyError) in
      try await self.pull()
    }
  }

  /// After the exchange: who still holds the body reads nothing of the next request.
  func seal() {
    if case .none = rest { return }
    rest = .failed(.disconnected)
  }

  private nonisolated(nonsending) func pull() async throws(BodyError) -> [UInt8]? {
    do {
      try await sayContinue()
      while true {
        switch rest {
        case .none: return nil
        case .failed(let error): throw error
        case .length, .chunked: break
        }
        if connection.bytesThisTurn >= connection.service.limits.bytesPerTurn { await connection.takeTurns() }
        if let piece = try takePiece() { return piece }
        if case .none = rest { return nil }
        try await connection.untilReadable()
      }
    } catch let error as BodyError {
      rest = .failed(error)
      throw error
    } catch {
      let failure = BodyError(error as? ConnectionFailure ?? .disconnected)
      rest = .failed(failure)
      throw failure
    }
  }

  private nonisolated(nonsending) func sayContinue() async throws(ConnectionFailure) {
    guard owesContinue else { return }
    owesContinue = false
    if connection.input.isEmpty { try await connection.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
  }

  /// `nil`: nothing yet, or the end.
  private func takePiece() throws -> [UInt8]? {
    switch rest {
    case .length(let remaining):
      let piece = try connection.takeAvailable(atMost: Int(min(remaining, Int64(Self.pieceBytes))))
      let left = remaining - Int64(piece.count)
      rest = left == 0 ? .none : .length(left)
      return received(piece)
    case .chunked(var decoder):
      let piece = try decode(try connection.takeAvailable(atMost: Self.pieceBytes), &decoder)
      rest = decoder.isAtEnd ? .none : .chunked(decoder)
      return received(piece)
    case .none, .failed: return nil
    }
  }

  private func received(_ piece: [UInt8]) -> [UInt8]? {
    receivedBytes += Int64(piece.count)
    return piece.isEmpty ? nil : piece
  }

  /// Takes the framing out in place, and gives back what lies behind the end.
  private func decode(_ raw: consuming [UInt8], _ decoder: inout ChunkedDecoder) throws(BodyError) -> [UInt8] {
    var bytes = raw
    var (cursor, kept) = (0, 0)
    do {
      while true {
        let step = try decoder.step(bytes.span, &cursor)
        guard case .data(let count) = step else { break }
        bytes.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress, kept != cursor - count else { return }
          (base + kept).update(from: base + cursor - count, count: count)
        }
        kept += count
      }
    } catch {
      throw .malformed
    }
    if cursor < bytes.count { connection.input.putBack(bytes[cursor...]) }
    bytes.removeLast(bytes.count - kept)
    return bytes
  }
}

extension BodyError {
  init(_ failure: ConnectionFailure) {
    self =
      switch failure {
      case .disconnected, .answerFailed: .disconnected
      case .tooSlow: .tooSlow
      case .stopping: .stopping
      }
  }
}
