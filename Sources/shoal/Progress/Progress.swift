/// How far something is that takes a while.
struct Progress: Hashable, Sendable {
  enum Unit: Sendable {
    case bytes
    case things
    /// Numbers that tell people nothing: only how much of the whole is done.
    case shares
  }

  /// What is done, in a word or two.
  var title: String
  var done: Int64
  /// `nil`: nobody knows yet.
  var total: Int64?
  var unit = Unit.bytes
  /// What else is worth knowing, for example the number of peers.
  var note = ""

  /// 0…1; `nil` when the end is not known.
  var fraction: Double? {
    guard let total, total > 0 else { return nil }
    return min(1, max(0, Double(done) / Double(total)))
  }

  func amount(_ count: Int64) -> String { unit == .bytes ? Amount.bytes(count) : "\(count)" }
}

/// How fast something goes, of what was seen in the last seconds: told the time by its caller.
struct ProgressRate {
  private static let windowMilliseconds: Int64 = 5000

  private var seen: [(at: Int64, done: Int64)] = []

  mutating func note(_ done: Int64, atMilliseconds now: Int64) {
    // Less than before: something began anew.
    if let last = seen.last, done < last.done { seen = [] }
    seen.append((now, done))
    while seen.count > 2, seen[1].at <= now - Self.windowMilliseconds { seen.removeFirst() }
  }

  /// A second; `nil` while too little was seen.
  var perSecond: Double? {
    guard let first = seen.first, let last = seen.last, last.at - first.at >= 250 else { return nil }
    return Double(last.done - first.done) * 1000 / Double(last.at - first.at)
  }
}
