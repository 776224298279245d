import BlockingWork

/// Room for so many bytes that wait for the disk. Who finds none waits in line, and is let in as it empties.
final class ByteRoom: Sendable {
  private struct State {
    let limit: Int
    var used = 0
    var line: [(weight: Int, turn: UnsafeContinuation<Void, Never>)] = []

    /// Those in line go first. What is larger than the whole room enters an empty one.
    mutating func enter(_ weight: Int) -> Bool {
      guard line.isEmpty, used == 0 || used + weight <= limit else { return false }
      used += weight
      return true
    }

    /// The line moves when the room is half empty and not before, so that a waiter is woken for several chunks' worth
    /// of room rather than once for each.
    mutating func leave(_ weight: Int) -> [UnsafeContinuation<Void, Never>] {
      used -= weight
      guard used <= limit / 2 else { return [] }
      var count = 0
      for waiter in line {
        guard used == 0 || used + waiter.weight <= limit else { break }
        used += waiter.weight
        count += 1
      }
      defer { line.removeFirst(count) }
      return line.prefix(count).map(\.turn)
    }
  }

  private let state: Lock<State>

  init(limit: Int) { state = Lock(State(limit: limit)) }

  /// How many wait.
  var lineCount: Int { state.withLock { $0.line.count } }

  /// Waits until there is room, first come first served.
  func enter(_ weight: Int) async {
    if state.withLock({ $0.enter(weight) }) { return }
    // Unsafe only in that nobody checks it is resumed once: `leave` takes each out of the line before it does so.
    await withUnsafeContinuation { turn in
      let hasEntered = state.withLock { state in
        if state.enter(weight) { return true }
        state.line.append((weight, turn))
        return false
      }
      if hasEntered { turn.resume() }
    }
  }

  func leave(_ weight: Int) {
    for turn in state.withLock({ $0.leave(weight) }) { turn.resume() }
  }
}
