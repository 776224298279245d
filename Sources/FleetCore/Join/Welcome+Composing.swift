import RegistryCore

extension JoinAnswer.Welcome {
  /// What a newcomer gets of what an issuer knows: what is said of the two of them, the policy where it fits, and then
  /// members with their cards, as many as fit. The rest it hears from those.
  ///
  /// `nil`: the newcomer is no member, or a certificate is out of bounds.
  public static func composed(
    for newcomer: NodeID, by issuer: NodeID, directory: Directory, cards: CardBook, certificate: [UInt8],
    authority: [UInt8], byteLimit: Int = JoinAnswer.usualByteLimit
  ) -> JoinAnswer.Welcome? {
    guard directory.isMember(newcomer) else { return nil }
    var room = byteLimit
    var records: [FleetRecord] = []
    var chosen: [MemberCard] = []
    // Its own record is not left out for want of room: without it, it would believe nothing.
    func add(_ node: NodeID) -> Bool {
      let (said, card) = (directory.records(of: node), cards[node])
      let size = said.reduce(card?.byteCount ?? 0) { $0 + $1.byteCount }
      guard size <= room || node == newcomer else { return false }
      room -= size
      records += said
      if let card { chosen.append(card) }
      return true
    }
    _ = add(newcomer)
    if issuer != newcomer { _ = add(issuer) }
    if let policy = directory.policyRecord?.record, policy.byteCount <= room {
      room -= policy.byteCount
      records.append(policy)
    }
    for node in directory.members where node != newcomer && node != issuer { if !add(node) { break } }
    return JoinAnswer.Welcome(certificate: certificate, authority: authority, records: records, cards: chosen)
  }
}
