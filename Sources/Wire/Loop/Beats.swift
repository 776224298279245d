/// What a loop looks at from beat to beat while it is busy in small pieces, instead of whenever one of them comes.
protocol Beating: AnyObject {
  /// False: nothing comes any more, or much at once; tell it whenever something comes.
  func beat() -> Bool
}

/// When a loop's beats come, and who may still be woken for a little.
///
/// A wake for a packet costs many times what the packet does, and a slow line that many share brings a thousand packets a
/// second and more to each of many streams. So a loop wakes promptly only for so many little ones, and whoever would go
/// beyond that is looked at from beat to beat together with the others: what came meanwhile is taken at one go.
struct Beats {
  /// 25 Mbit/s bring twelve kilobytes in it: about one block of a torrent.
  static let interval: UInt64 = 4_000_000
  /// Wakes for little, in a second and at once. A handshake, a question and its answer are far below.
  static let promptPerSecond: UInt64 = 400
  static let promptAtOnce: UInt64 = 100

  private(set) var next = UInt64.max
  private var members: [any Beating] = []
  /// Of promptness, in nanoseconds of waiting that earned it.
  private var credit = promptAtOnce * cost
  private var lastSpent: UInt64 = 0

  private static let cost = 1_000_000_000 / promptPerSecond

  /// Whether somebody who moved little may be woken as promptly again.
  mutating func spend(at now: UInt64) -> Bool {
    credit = min(Self.promptAtOnce * Self.cost, credit + (now - min(now, lastSpent)))
    lastSpent = max(now, lastSpent)
    guard credit >= Self.cost else { return false }
    credit -= Self.cost
    return true
  }

  mutating func join(_ member: any Beating, at now: UInt64) {
    members.append(member)
    next = min(next, now + Self.interval)
  }

  /// Whose beat is due; they come again with `join`.
  mutating func takeDue(_ now: UInt64) -> [any Beating] {
    guard next <= now else { return [] }
    next = .max
    defer { members.removeAll(keepingCapacity: true) }
    return members
  }
}
