import RegistryCore

/// Which logs are being fetched, and from whom: one log from one member at a time.
struct Pulls: Sendable {
  struct Source: Sendable {
    let peer: NodeID
    /// How far that member has it.
    let target: Int64
    /// When the exchange began that showed it: it is complete when all that it showed is here.
    let begun: Int64
  }

  private var sources: [WriterID: Source] = [:]

  var count: Int { sources.count }

  func source(of writer: WriterID) -> Source? { sources[writer] }

  /// - Returns: `false`: it is being fetched already, or as many are as may be.
  mutating func begin(_ writer: WriterID, from source: Source) -> Bool {
    guard sources[writer] == nil, sources.count < FleetLimits.headsInMessage else { return false }
    sources[writer] = source
    return true
  }

  mutating func end(_ writer: WriterID) { sources[writer] = nil }
}
