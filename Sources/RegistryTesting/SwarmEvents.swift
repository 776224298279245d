import BlockingWork
import RegistryCore

/// What an observer heard, for tests that wait for it.
public final class SwarmEvents: Sendable {
  private struct State {
    var events: [SwarmEvent] = []
    var waiters: [(isDue: @Sendable ([SwarmEvent]) -> Bool, turn: CheckedContinuation<Void, Never>)] = []
  }

  private let state = Lock(State())

  public init() {}

  /// To be handed to an engine.
  public var observer: SwarmObserver {
    { [self] event in
      let due = state.withLock { state in
        state.events.append(event)
        let due = state.waiters.filter { $0.isDue(state.events) }
        state.waiters.removeAll { $0.isDue(state.events) }
        return due
      }
      for waiter in due { waiter.turn.resume() }
    }
  }

  public var all: [SwarmEvent] { state.withLock { $0.events } }

  /// The pieces that were told of, in order.
  public var pieces: [Int] {
    all.compactMap { if case .verified(let piece) = $0 { piece } else { nil } }
  }

  public var isWhole: Bool { Self.isWhole(all) }

  public func untilWhole(within patience: Duration) async throws {
    try await until("the torrent is whole", within: patience, Self.isWhole)
  }

  public func untilRotten(within patience: Duration) async throws {
    try await until("the torrent is found rotten", within: patience) { events in
      events.contains { if case .rotten = $0 { true } else { false } }
    }
  }

  public func until(
    _ what: String, within patience: Duration, _ isDue: @escaping @Sendable ([SwarmEvent]) -> Bool
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await self.wait(isDue) }
      group.addTask {
        try await Task.sleep(for: patience)
        throw StoreViolation(description: "\(what): not within \(patience); heard \(self.all)")
      }
      defer {
        group.cancelAll()
        self.releaseAll()
      }
      try await group.next()
    }
  }

  private func wait(_ isDue: @escaping @Sendable ([SwarmEvent]) -> Bool) async {
    await withCheckedContinuation { turn in
      let isOver = state.withLock { state in
        if isDue(state.events) { return true }
        state.waiters.append((isDue, turn))
        return false
      }
      if isOver { turn.resume() }
    }
  }

  /// For the deadline: a continuation must be resumed in any case.
  private func releaseAll() {
    let waiters = state.withLock { state in
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.turn.resume() }
  }

  private static func isWhole(_ events: [SwarmEvent]) -> Bool {
    events.contains { if case .whole = $0 { true } else { false } }
  }
}
