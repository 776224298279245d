import BlockingWork
import FleetCore

/// What waits for the disk, in the machine's order, and what may not overtake it.
final class FleetStoring: Sendable {
  let effects: AsyncStream<FleetEffect>
  private let todo: AsyncStream<FleetEffect>.Continuation
  private let keeping = Lock(0)

  init() {
    // Unbounded in form: the machine bounds what it asks for (`FleetLimits`).
    (effects, todo) = AsyncStream.makeStream()
  }

  /// Something is to be kept before anybody is told.
  var isKeeping: Bool { keeping.withLock { $0 > 0 } }

  func put(_ effect: FleetEffect) {
    if case .keep = effect { keeping.withLock { $0 += 1 } }
    todo.yield(effect)
  }

  func kept() { keeping.withLock { $0 -= 1 } }

  func finish() { todo.finish() }
}
