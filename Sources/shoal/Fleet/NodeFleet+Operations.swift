import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP

extension NodeFleet: FleetOperations {
  func found() async throws(RegistryError) -> FleetMembershipDocument {
    let fleet = try await changing { () async throws(RegistryError) in
      try mustBeAlone()
      return try await makeFleet()
    }
    return membership(of: fleet)
  }

  func join(_ token: String, names: String?) async throws(RegistryError) -> FleetMembershipDocument {
    let invitation: InviteToken
    do throws(InviteTokenFault) { invitation = try InviteToken(parsing: token) } catch {
      throw RegistryError(.unsupported, error.description)
    }
    guard let choice = names.map({ NamesChoice(rawValue: $0) }) ?? .refuse else {
      throw RegistryError(.unsupported, "--names is keep-fleet or keep-mine")
    }
    if let seat = current, seat.desk.current.fleet == invitation.fleet, !seat.isStranger, certificateAge(seat).isDue {
      try await readmit(invitation, seat)
      return membership(of: invitation.fleet)
    }
    let isBack = current != nil
    let fleet = try await changing { () async throws(RegistryError) in try await enter(invitation, choice) }
    guard !isBack else { return membership(of: fleet, lostClaims: try await lostClaims()) }
    return membership(of: fleet, contested: await contestedNames())
  }

  func invite() async throws(RegistryError) -> InvitationDocument {
    guard let seat = current else { throw Self.alone }
    guard !seat.isStranger else { throw WriteRefusal.stranger(seat.desk.current) }
    guard let door = seat.door else { throw Self.noIssuer(seat.desk.current, "invite") }
    let token = try await door.invite()
    return InvitationDocument(
      token: token.text, fleet: token.fleet.description, addresses: token.addresses.map(\.description),
      expiresAtSeconds: token.expires)
  }

  func fleet() async throws(RegistryError) -> FleetDocument {
    guard let seat = current else { throw Self.alone }
    let view = seat.desk.current
    let bans = Dictionary(uniqueKeysWithValues: (registry?.bans.all() ?? []).map { ($0.member, $0) })
    let twins = Dictionary(grouping: view.directory.forks, by: \.writer.node)
    let members = view.directory.members.map { node in
      let card = view.cards[node]
      return FleetDocument.Member(
        node: node.description, name: (card?.draft.name ?? view.directory.membership(of: node)?.name)?.text ?? "",
        state: "\(view.state(of: node))", zone: card?.draft.zone?.description,
        addresses: card?.draft.addresses.map(\.description) ?? [], release: card?.draft.release,
        isIssuer: view.directory.isIssuer(node), isThisNode: node == view.node,
        says: view.bulletin(of: node).map { FleetBulletinDocument($0.bulletin, $0.ageMilliseconds) },
        twins: (twins[node] ?? []).map { FleetDocument.Twin($0) },
        ban: bans[node].map { FleetDocument.Ban($0) })
    }
    return FleetDocument(
      fleet: view.fleet.description, node: view.node.description, behindMilliseconds: view.behindMilliseconds,
      refusesWrites: WriteRefusal.of(view)?.message, certificate: certificateDocument(seat),
      members: members.sorted { ($0.name, $0.node) < ($1.name, $1.node) }, work: workDocument(seat, view),
      keeping: try await keeping(seat))
  }

  private func workDocument(_ seat: Seat, _ view: FleetView) -> FleetWorkDocument {
    var document = meter.document(seat, view, swarm.withLock { $0 }?.tunnels.meter)
    document.bannedMembers = registry?.bans.all().count
    return document
  }

  func membership(
    of fleet: FleetID, lostClaims: Int64? = nil, contested: [ContestedNameDocument] = []
  ) -> FleetMembershipDocument {
    let directory = current?.desk.current.directory
    return FleetMembershipDocument(
      fleet: fleet.description, node: keys.node.description,
      name: FleetDesk.Introduction.name(settings)?.text ?? "", members: directory?.members.count ?? 1,
      issuers: directory?.issuers.count ?? 1, lostClaims: lostClaims, contested: contested)
  }

  /// What only a holder of the fleet's key does.
  static func noIssuer(_ view: FleetView, _ deed: String) -> RegistryError {
    let issuers = view.directory.issuers.compactMap { view.directory.membership(of: $0)?.name.text }.sorted()
    return RegistryError(
      .denied, "this node does not hold the fleet's key: \(deed) on \(issuers.joined(separator: " or "))")
  }

  static let removed = RegistryError(
    .denied,
    "this node was removed from its fleet and keeps what it knew of it: come back with a new invitation of that fleet "
      + "(shoal fleet join), or make the node alone first (shoal fleet leave)")

  static let memberAlready = RegistryError(
    .denied, "this node is in a fleet already, or was removed from one: see shoal fleet ls")

  static let alone = RegistryError(
    .unsupported, "this node is in no running fleet: start one with shoal fleet init, or join one with shoal fleet join"
  )
}

extension FleetBulletinDocument {
  fileprivate init(_ bulletin: Bulletin, _ ageMilliseconds: Int64) {
    self.init(
      blobs: bulletin.stock?.blobs, bytes: bulletin.stock?.bytes, behindMilliseconds: bulletin.behindMilliseconds,
      certificateEndsAtSeconds: bulletin.certificateEnd, ageMilliseconds: ageMilliseconds)
  }
}

extension FleetDocument.Ban {
  fileprivate init(_ ban: BanBook.Ban) {
    self.init(
      source: ban.way.rawValue, digest: ban.digest?.description, count: ban.count,
      endsInSeconds: (ban.until - .now).components.seconds)
  }
}

extension FleetDocument.Twin {
  fileprivate init(_ proof: ForkProof) {
    let times = proof.claims.map(\.body.clock.milliseconds)
    self.init(epoch: proof.writer.epoch, number: proof.sequence, atMilliseconds: times.max() ?? 0)
  }
}
