import RegistryCore

/// What an issuer may say next. Each draft is numbered above all that is known here; it counts when it is signed with the
/// fleet's key and taken.
extension Directory {
  public enum DraftFault: Error, Hashable, Sendable {
    case alreadyMember
    case notMember
    /// `Directory.memberLimit` nodes belong to the fleet.
    case full
    /// Numbers that are none, or no number is left.
    case outOfBounds
  }

  /// Lets a node in.
  public func admission(
    of key: PublicKey, named name: NodeName, by issuer: NodeID, at time: Int64, notary: some FleetNotary
  ) throws(DraftFault) -> FleetRecord.Draft {
    let node = key.node(notary)
    let before = membership(of: node)
    guard before?.isMember != true else { throw .alreadyMember }
    guard members.count < Self.memberLimit else { throw .full }
    let membership = Membership(
      key: key, name: name, isMember: true, life: (before?.life ?? 0) + 1, limits: before?.limits ?? [:])
    return try draft(membership.map { .member(node, $0) }, by: issuer, at: time)
  }

  /// Puts a node out.
  /// - Parameter lastTaken: of each of its epochs the last number that the fleet has; nothing beyond ever counts, and
  ///   nothing of other epochs. Of more epochs than a record holds the earliest are kept: who begins thousands of them
  ///   shall not be safe from being put out.
  public func removal(
    of node: NodeID, lastTaken: [Int64: Int64], by issuer: NodeID, at time: Int64
  ) throws(DraftFault) -> FleetRecord.Draft {
    guard let before = membership(of: node), before.isMember else { throw .notMember }
    let limits = lastTaken.merging(before.limits, uniquingKeysWith: min).sorted { $0.key < $1.key }
    let removal = Membership(
      key: before.key, name: before.name, isMember: false, life: before.life,
      limits: Dictionary(uniqueKeysWithValues: limits.prefix(Membership.epochLimit).map { ($0.key, $0.value) }))
    return try draft(removal.map { .member(node, $0) }, by: issuer, at: time)
  }

  /// Says that a member was given the fleet's key, or has given it back.
  public func issuance(
    of node: NodeID, mayIssue: Bool, by issuer: NodeID, at time: Int64
  ) throws(DraftFault) -> FleetRecord.Draft {
    guard let membership = membership(of: node), membership.isMember else { throw .notMember }
    return try draft(.issuer(node, Issuance(life: membership.life, mayIssue: mayIssue)), by: issuer, at: time)
  }

  public func policy(_ policy: FleetPolicy, by issuer: NodeID, at time: Int64) throws(DraftFault) -> FleetRecord.Draft {
    try draft(.policy(policy), by: issuer, at: time)
  }

  private func draft(
    _ statement: FleetRecord.Statement?, by issuer: NodeID, at time: Int64
  ) throws(DraftFault) -> FleetRecord.Draft {
    let number = (records.map(\.number).max() ?? 0) + 1
    guard let statement,
      let draft = FleetRecord.Draft(fleet: fleet, number: number, issuer: issuer, time: time, statement: statement)
    else { throw .outOfBounds }
    return draft
  }
}
