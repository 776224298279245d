import BlockingWork
import RegistryCore

/// Somebody who asked for a range and has no answer yet.
final class WaitingReader: Sendable {
  private struct State {
    var answer: Result<Range<Int64>, RegistryError>?
    var turn: UnsafeContinuation<Void, Never>?
  }

  // The answer goes through the lock although the continuation could carry it: when it is there before the reader has
  // come to wait, the thread sanitizer sees no order between the two.
  private let state = Lock(State())

  func answer() async -> Result<Range<Int64>, RegistryError> {
    await withUnsafeContinuation { turn in
      let isAnswered = state.withLock { state in
        if state.answer == nil { state.turn = turn }
        return state.answer != nil
      }
      if isAnswered { turn.resume() }
    }
    return state.withLock { $0.answer } ?? .failure(.fetchCancelled)
  }

  /// - Returns: itself; the caller lets it go on when it holds no lock.
  func answered(_ answer: Result<Range<Int64>, RegistryError>) -> WaitingReader {
    state.withLock { $0.answer = $0.answer ?? answer }
    return self
  }

  func resume() { state.withLock { $0.turn.take() }?.resume() }
}
