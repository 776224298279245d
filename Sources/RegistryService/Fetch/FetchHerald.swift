import BlockingWork
import RegistryCore

/// How far a blob is that takes part in its swarm among members, for those that look for it.
public enum FetchStage: Hashable, Sendable {
  /// Its fetch has begun.
  case wanted
  /// Some of it is here.
  case partial
  /// It does not come after all. That a blob is whole is told with its link.
  case over
}

/// Says so of one fetch: each stage once, in order, and nothing of one that never took part.
final class FetchHerald: Sendable {
  private let digest: Digest
  private let tell: @Sendable (Digest, FetchStage) -> Void
  private let told = Lock<FetchStage?>(nil)

  init(_ digest: Digest, tell: @escaping @Sendable (Digest, FetchStage) -> Void) {
    (self.digest, self.tell) = (digest, tell)
  }

  /// - Parameter hasPieces: some came before it took part, from an earlier life of the node.
  func takesPart(hasPieces: Bool) { say(hasPieces ? .partial : .wanted, after: nil) }

  func hasPieces() { say(.partial, after: .wanted) }

  func ended(isComplete: Bool) {
    guard !isComplete else { return }
    say(.over, after: .wanted)
    say(.over, after: .partial)
  }

  private func say(_ stage: FetchStage, after due: FetchStage?) {
    let isDue = told.withLock { told in
      guard told == due else { return false }
      told = stage
      return true
    }
    if isDue { tell(digest, stage) }
  }
}
