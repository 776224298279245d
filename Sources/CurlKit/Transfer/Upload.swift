import BlockingWork

/// A streamed body of a request on its way from its source to the client's thread: one piece ahead, no more.
final class Upload: Sendable {
  enum Step {
    case piece([UInt8])
    /// The transfer is called when there is one.
    case notYet
    case end
    case failed(HTTPClientError)
  }

  private struct State {
    var piece: [UInt8]?
    var isWanted = false
    var end: Step?
    var isStarving = false
    var pump: UnsafeContinuation<Void, Never>?
  }

  let length: Int64?
  private let source: any HTTPBodySource
  private let state = Lock(State())

  init(length: Int64?, _ source: any HTTPBodySource) {
    self.length = length
    self.source = source
  }

  /// The client's thread: what to send next.
  func take() -> Step {
    let (step, pump) = state.withLock { state -> (Step, UnsafeContinuation<Void, Never>?) in
      let piece = state.piece.take()
      if piece == nil, let end = state.end { return (end, nil) }
      state.isWanted = true
      state.isStarving = piece == nil
      return (piece.map { .piece($0) } ?? .notYet, state.pump.take())
    }
    pump?.resume()
    return step
  }

  /// Pulls from the source whenever a piece is wanted, until its end or until the task is cancelled.
  func pump(_ callTransfer: @Sendable () -> Void) async {
    var count: Int64 = 0
    while await isWanted() {
      let step = await pull(&count)
      let wasStarving = state.withLock { state in
        if case .piece(let piece) = step { state.piece = piece } else { state.end = step }
        state.isWanted = false
        defer { state.isStarving = false }
        return state.isStarving
      }
      if wasStarving { callTransfer() }
      guard case .piece = step else { return }
    }
  }

  private func pull(_ count: inout Int64) async -> Step {
    do {
      while let piece = try await source.next() {
        guard !piece.isEmpty else { continue }
        count += Int64(piece.count)
        guard length.map({ count <= $0 }) ?? true else { return .failed(Self.lied) }
        return .piece(piece)
      }
      return length.map({ count == $0 }) ?? true ? .end : .failed(Self.lied)
    } catch {
      return .failed(.bodySourceFailed(error))
    }
  }

  private static let lied = HTTPClientError.malformedRequest(reason: "its body is not of the length that was declared")

  /// False when nobody will want one.
  private func isWanted() async -> Bool {
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let isReady = state.withLock { state in
          if state.isWanted || Task.isCancelled { return true }
          state.pump = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.pump.take() }?.resume()
    }
    return !Task.isCancelled
  }
}
