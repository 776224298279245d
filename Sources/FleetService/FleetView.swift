import FleetCore
import RegistryCore

/// What a member knows at one moment.
public struct FleetView: Sendable {
  public let node: NodeID
  public let fleet: FleetID
  public let directory: Directory
  public let cards: CardBook
  public let gate: WriteGate
  /// How long ago the last exchange began that left nothing open; `nil`: there was none.
  public let behindMilliseconds: Int64?
  public let clockOffset: Int64?
  /// What the members' clocks are ahead of this node's monotonic one.
  let clockAheadOfMonotonic: Int64?
  /// Of how many logs something is known.
  public let writers: Int
  private let detector: FailureDetector
  private let bulletins: [NodeID: Bulletin.Told]
  private let now: Int64

  /// Of every input: it copies a few references and walks through nothing.
  init(_ machine: FleetMachine<FleetKeys>, at moment: Moment) {
    let now = moment.monotonic
    (node, fleet, directory, cards) = (machine.node, machine.directory.fleet, machine.directory, machine.cards)
    (gate, clockOffset) = (machine.gate, machine.clockOffset)
    clockAheadOfMonotonic = machine.clockOffset.map { $0 + moment.wall - moment.monotonic }
    behindMilliseconds = machine.freshAt.map { now - $0 }
    (writers, detector, bulletins, self.now) = (machine.writers, machine.detector, machine.bulletins, now)
  }

  /// As this node sees it.
  public func state(of member: NodeID) -> MemberState { detector.state(of: member) }

  /// Both say where they stand, and that is not the same site.
  public func isAtOtherSite(_ member: NodeID) -> Bool {
    guard let own = cards[node]?.draft.zone, let zone = cards[member]?.draft.zone else { return false }
    return own.site != zone.site
  }

  /// Whom this node asks to bring a blob to its site, in that order; none of them: it does so itself. `nil`: it does not
  /// say where it stands, or all who do are at its site, so that there is no line to be spared.
  public func fetchers(of digest: Digest) -> [NodeID]? {
    guard let own = cards[node]?.draft.zone else { return nil }
    var (near, isDivided) = ([node: own], false)
    for member in directory.members {
      guard let zone = cards[member]?.draft.zone else { continue }
      if zone.site == own.site { near[member] = zone } else { isDivided = true }
    }
    guard isDivided else { return nil }
    let election = SiteElection(for: digest, at: own, among: near) { $0 != node && state(of: $0) != .alive }
    return election.fetchers(before: node)
  }

  /// What a member said of itself, and how long ago.
  public func bulletin(of member: NodeID) -> (bulletin: Bulletin, ageMilliseconds: Int64)? {
    bulletins[member].map { ($0.bulletin, now - $0.at) }
  }

  /// `false`: it was removed, or has lost what it knew of its fleet.
  public var isThisNodeMember: Bool { directory.isMember(node) }

  /// Whether a record puts this node out of its fleet, and the fleet's key has signed it.
  public func isRemoval(_ record: FleetRecord, _ notary: some FleetNotary) -> Bool {
    guard case .member(node, let membership) = record.statement, !membership.isMember else { return false }
    return record.draft.fleet == fleet && record.isSigned(by: directory.fleetKey, notary)
  }

  public func isMember(_ node: NodeID) -> Bool { directory.isMember(node) }
}
