import RegistryCore

/// Who answers and who does not, after SWIM (Das, Gupta, Motivala 2002): who does not answer one member is asked through
/// others, then suspected, then down; a word of its own, later than the suspicion, refutes it. Only an issuer's record
/// ends a membership.
///
/// Only who is in doubt takes memory.
public struct FailureDetector: Sendable {
  private struct Doubt {
    var incarnation: Int64
    /// When it is down, on the monotonic clock; `nil`: it is.
    var until: Int64?
    /// The order in which doubts arose.
    var turn: Int
  }

  private var doubts: [NodeID: Doubt] = [:]
  /// Who is being asked for through others, and how many of these have not told.
  private var probed: [NodeID: Int] = [:]
  private var turns = 0

  public func state(of node: NodeID) -> MemberState {
    guard let doubt = doubts[node] else { return .alive }
    return doubt.until == nil ? .down : .suspected
  }

  /// Of who is in doubt. Costs nothing while nobody is.
  var states: [NodeID: MemberState] { doubts.mapValues { $0.until == nil ? .down : .suspected } }

  /// Who is suspected or down, in one order.
  var inDoubt: [NodeID] { doubts.sorted { $0.value.turn < $1.value.turn }.map(\.key) }

  func isProbed(_ node: NodeID) -> Bool { probed[node] != nil }

  var doubted: Int { doubts.count }

  /// The latest doubts, to be told to others.
  var suspicions: [Suspicion] {
    guard !doubts.isEmpty else { return [] }
    return doubts.sorted { $0.value.turn > $1.value.turn }.prefix(FleetLimits.suspicionsInMessage)
      .map { Suspicion(node: $0.key, incarnation: $0.value.incarnation) }
  }

  /// - Returns: whether others are to be asked: not for who is in doubt already.
  mutating func unanswered(by node: NodeID, others: Int) -> Bool {
    guard doubts[node] == nil, probed[node] == nil else { return false }
    if others > 0 { probed[node] = others }
    return others > 0
  }

  /// What one of the others told.
  /// - Returns: whether the node is to be suspected.
  mutating func told(of node: NodeID, isThere: Bool) -> Bool {
    guard let left = probed[node] else { return false }
    probed[node] = isThere || left == 1 ? nil : left - 1
    return !isThere && left == 1
  }

  /// - Returns: whether this is new.
  mutating func suspect(_ node: NodeID, incarnation: Int64, now: Int64) -> Bool {
    if let doubt = doubts[node] {
      doubts[node]?.incarnation = max(doubt.incarnation, incarnation)
      return false
    }
    turns += 1
    doubts[node] = Doubt(incarnation: incarnation, until: now + FleetLimits.suspicionMilliseconds, turn: turns)
    return true
  }

  /// It was heard.
  /// - Returns: whether it was in doubt.
  mutating func heard(_ node: NodeID) -> Bool {
    guard !probed.isEmpty || !doubts.isEmpty else { return false }
    probed[node] = nil
    return doubts.removeValue(forKey: node) != nil
  }

  /// It said something of itself, as others tell.
  /// - Returns: whether that refutes a doubt.
  mutating func refuted(_ node: NodeID, incarnation: Int64) -> Bool {
    guard let doubt = doubts[node], doubt.incarnation < incarnation else { return false }
    return heard(node)
  }

  mutating func forget(_ node: NodeID) {
    (doubts[node], probed[node]) = (nil, nil)
  }

  /// Who is down from now on.
  mutating func takeDue(now: Int64) -> [NodeID] {
    guard !doubts.isEmpty else { return [] }
    let due = doubts.filter { $0.value.until.map { $0 <= now } ?? false }.keys
    for node in due { doubts[node]?.until = nil }
    return due.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
  }
}

public enum MemberState: Hashable, Sendable {
  case alive
  /// It did not answer, and neither through others.
  case suspected
  case down
}
