import BlockingWork
import RegistryCore

/// What an observer heard, and tasks that wait to hear something.
final class TestEvents: Sendable {
  private struct Waiter {
    let id: Int
    let isIt: @Sendable (SwarmEvent) -> Bool
    let continuation: CheckedContinuation<SwarmEvent?, Never>
  }

  private struct State {
    var heard: [SwarmEvent] = []
    var waiters: [Waiter] = []
    var lastID = 0
  }

  private let state = Lock(State())
  private let onEvent: @Sendable (SwarmEvent) -> Void

  init(onEvent: @escaping @Sendable (SwarmEvent) -> Void = { _ in }) { self.onEvent = onEvent }

  var observer: SwarmObserver {
    { [self] event in
      onEvent(event)
      let woken = state.withLock { state in
        state.heard.append(event)
        let woken = state.waiters.filter { $0.isIt(event) }
        state.waiters.removeAll { $0.isIt(event) }
        return woken
      }
      for waiter in woken { waiter.continuation.resume(returning: event) }
    }
  }

  var heard: [SwarmEvent] { state.withLock { $0.heard } }

  var pieces: [Int] {
    heard.compactMap { if case .verified(let piece) = $0 { piece } else { nil } }
  }

  /// The first event of the kind, heard already or to come.
  func wait(
    _ what: String, within limit: Duration = .seconds(60), for isIt: @escaping @Sendable (SwarmEvent) -> Bool
  ) async throws -> SwarmEvent {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    // A deadline, not a pause: cancelled as soon as the event is there.
    let deadline = Task { [self] in
      try await Task.sleep(for: limit)
      let late = state.withLock { state in
        let late = state.waiters.filter { $0.id == id }
        state.waiters.removeAll { $0.id == id }
        return late
      }
      for waiter in late { waiter.continuation.resume(returning: nil) }
    }
    defer { deadline.cancel() }
    let event = await withCheckedContinuation { continuation in
      let already = state.withLock { state in
        let already = state.heard.first(where: isIt)
        if already == nil { state.waiters.append(Waiter(id: id, isIt: isIt, continuation: continuation)) }
        return already
      }
      if let already { continuation.resume(returning: already) }
    }
    guard let event else { throw TestFailure("waited \(limit) for \(what), heard: \(heard.suffix(5))") }
    return event
  }

  func whole(within limit: Duration = .seconds(60)) async throws {
    _ = try await wait("the whole blob", within: limit) {
      switch $0 {
      case .whole, .failed: true
      default: false
      }
    }
    if case .failed(let error)? = heard.last(where: { if case .failed = $0 { true } else { false } }) { throw error }
  }

  func rotten(within limit: Duration = .seconds(60)) async throws -> String {
    let event = try await wait("rot", within: limit) { if case .rotten = $0 { true } else { false } }
    guard case .rotten(let reason) = event else { return "" }
    return reason
  }
}
