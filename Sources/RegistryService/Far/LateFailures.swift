import BlockingWork
import RegistryCore

/// What nobody had a moment ago. Who waited while it was asked for is told at once and does not ask again, so that many
/// who ask for one digest wait for one question and not for theirs behind each other's.
final class LateFailures: Sendable {
  /// Beyond it all are forgotten: that costs questions and no truth.
  private static let limit = 4096

  private let times = Lock<[Digest: ContinuousClock.Instant]>([:])

  func hasFailed(_ digest: Digest, since asked: ContinuousClock.Instant) -> Bool {
    times.withLock { $0[digest].map { $0 >= asked } ?? false }
  }

  func mustNotHaveFailed(_ digest: Digest, since asked: ContinuousClock.Instant) throws(RegistryError) {
    if hasFailed(digest, since: asked) { throw .heldByNobody(digest) }
  }

  /// - Returns: the error, to be thrown.
  func note(_ failure: RegistryError, of digest: Digest) -> RegistryError {
    times.withLock { times in
      if times.count >= Self.limit { times = [:] }
      times[digest] = .now
    }
    return failure
  }
}
