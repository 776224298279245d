import FleetCore
import FleetHTTP
import FleetService
import OpenSSLKit
import RegistryCore
import RegistryHTTP
import Telemetry

/// Who holds the fleet's key.
extension NodeFleet: IssuerOperations {
  func promote(_ member: String) async throws(RegistryError) -> IssuersDocument {
    let (seat, authority) = try issuing("promote")
    let view = seat.desk.current
    let node = try view.member(called: member)
    guard !view.directory.isIssuer(node) else {
      throw RegistryError(.denied, "\(view.title(of: node)) is an issuer already")
    }
    guard let key = view.directory.key(of: node), let bytes = await seat.channel.keyWish(of: node),
      let wish = KeyWish(bytes, of: key, in: view.fleet, from: keys.node, notary: keys),
      let parcel = KeyParcel.pack(authority.key, for: wish)
    else {
      throw RegistryError(
        .unavailable,
        "\(view.title(of: node)) does not answer as it must to be handed the fleet's key: nothing was "
          + "handed on; see shoal fleet ls, and try again")
    }
    guard await seat.channel.hand(parcel, to: node) else {
      throw RegistryError(
        .unavailable,
        "\(view.title(of: node)) did not confirm that it has the fleet's key: look at its log, and promote "
          + "it again")
    }
    try await FleetIssuer(seat.desk, authority).setIssuer(node, mayIssue: true)
    return issuers(seat, node)
  }

  func found(by text: [UInt8]) async throws(RegistryError) -> FleetMembershipDocument {
    guard let certificate = Certificate(pem: text), let key = Ed25519Key(pem: text) else {
      throw RegistryError(
        .unsupported, "there must be a certificate and an Ed25519 private key in PEM, the key without a passphrase")
    }
    guard
      let authority = FleetAuthority(
        certificate: certificate, key: key, certificateSeconds: files.certificateSeconds)
    else {
      throw RegistryError(
        .unsupported, "the certificate is not the key's, or may not sign others (basicConstraints CA:TRUE)")
    }
    guard certificate.validity.contains(clock.millisecondsSince1970 / 1000) else {
      throw RegistryError(.unsupported, "the certificate does not hold today")
    }
    let fleet = try await changing { () async throws(RegistryError) in
      try mustBeAlone()
      return try await makeFleet(authority)
    }
    return membership(of: fleet)
  }

  func demote(_ member: String) async throws(RegistryError) -> IssuersDocument {
    let (seat, authority) = try issuing("demote")
    let view = seat.desk.current
    let node = try view.member(called: member)
    guard view.directory.isIssuer(node) else { throw RegistryError(.denied, "\(view.title(of: node)) is no issuer") }
    guard view.directory.issuers.count > 1 else {
      throw RegistryError(
        .denied, "\(view.title(of: node)) is the only issuer: promote another one first (shoal fleet promote)")
    }
    try await FleetIssuer(seat.desk, authority).setIssuer(node, mayIssue: false)
    return issuers(seat, node)
  }

  func recoveryFile() async throws(RegistryError) -> RecoveryDocument {
    let files = files
    guard let papers = try await work.run({ () throws(RegistryError) in try files.load() }) else { throw Self.alone }
    guard let authority = papers.issuing else {
      throw RegistryError(.denied, "this node does not hold the fleet's key: ask an issuer (shoal fleet ls shows them)")
    }
    let fleet = authority.publicKey.fleet(keys)
    var text = RecoveryFile(authority).text(of: fleet)
    defer { SecretBytes.wipe(&text) }
    return RecoveryDocument(fleet: fleet.description, text: String(decoding: text, as: UTF8.self))
  }

  func recover(_ text: [UInt8]) async throws(RegistryError) -> IssuersDocument {
    guard let seat = current else { throw Self.alone }
    guard let file = RecoveryFile(text: text) else {
      throw RegistryError(.unsupported, "this is no recovery file of a fleet, or it was changed")
    }
    let fleet = seat.desk.current.fleet
    guard file.authority.publicKey.fleet(keys) == fleet else {
      throw RegistryError(
        .denied,
        "the file is of fleet \(Self.short(file.authority.publicKey.fleet(keys))), and this node belongs to "
          + "\(Self.short(fleet))")
    }
    guard seat.desk.current.isMember(keys.node) else {
      throw RegistryError(.denied, "this node was removed from its fleet: use the file on a member")
    }
    guard let authority = try await hold(file.authority.key, seat) else {
      throw RegistryError(.denied, "the file's key is not the one of this node's fleet")
    }
    try await FleetIssuer(seat.desk, authority).setIssuer(keys.node, mayIssue: true)
    lookAfterCertificate()
    return issuers(seat, keys.node)
  }

  // MARK: - The key

  /// What this node needs to speak for the fleet.
  private func issuing(_ deed: String) throws(RegistryError) -> (Seat, FleetAuthority) {
    guard let seat = current else { throw Self.alone }
    let view = seat.desk.current
    guard let authority = seat.papers.issuing, view.directory.isIssuer(view.node) else {
      let issuers = view.directory.issuers.map { view.title(of: $0) }.sorted()
      throw RegistryError(
        .denied, "this node does not hold the fleet's key: \(deed) on \(issuers.joined(separator: " or "))")
    }
    return (seat, authority)
  }

  /// Keeps the key and opens the door. `nil`: it is not the fleet's.
  private func hold(_ key: Ed25519Key, _ seat: Seat) async throws(RegistryError) -> FleetAuthority? {
    let own = seat.papers.authority
    guard let authority = FleetAuthority(certificate: own, key: key, certificateSeconds: files.certificateSeconds)
    else {
      return nil
    }
    let files = files
    try await work.run { () throws(RegistryError) in try files.keep(key) }
    let certificate = current?.papers.certificate ?? seat.papers.certificate
    let door = try await door(.init(authority: own, certificate: certificate, issuing: authority), seat.desk)
    change { seat in
      seat.papers = .init(authority: own, certificate: seat.papers.certificate, issuing: authority)
      seat.door = door
    }
    return authority
  }

  /// On the machine's thread: this node has heard that it may let nobody in any more. What it then has of the key is of no
  /// use to anybody but a thief.
  nonisolated func noteIssuers(_ before: FleetView, _ after: FleetView) {
    guard before.directory.isIssuer(keys.node), !after.directory.isIssuer(keys.node) else { return }
    // Unstructured: the machine does not wait for disks, and nothing waits for this.
    Task { await self.layDownKey() }
  }

  func layDownKey() async {
    change { seat in
      seat.door = nil
      seat.papers = .init(authority: seat.papers.authority, certificate: seat.papers.certificate, issuing: nil)
    }
    let files = files
    do throws(RegistryError) {
      try await work.run { () throws(RegistryError) in try files.dropKey() }
      log.warning("this node is an issuer no more; its copy of the fleet's key was removed")
      warnOfRecoveryFile()
    } catch {
      log.error("this node is an issuer no more, but its copy of the key stays", LogField("error", error.description))
    }
  }

  /// Nobody removes it but an operator: it may be the only one.
  func warnOfRecoveryFile() {
    guard files.isRecoveryFileHere else { return }
    log.warning(
      "a recovery file with the fleet's key lies in the data folder: carry it away",
      LogField("path", files.layout.fleetRecovery))
  }

  private func issuers(_ seat: Seat, _ node: NodeID) -> IssuersDocument {
    let view = seat.desk.current
    return IssuersDocument(
      fleet: view.fleet.description, node: node.description, name: view.title(of: node),
      issuers: view.directory.issuers.map { view.title(of: $0) }.sorted())
  }

  private static func short(_ fleet: FleetID) -> String { String(fleet.description.prefix(12)) }
}

// Asked by members over the channel.
extension NodeFleet: PapersDesk {
  func certificate(for member: NodeID) async -> Certificate? {
    guard let seat = current, let authority = seat.papers.issuing else { return nil }
    let directory = seat.desk.current.directory
    guard directory.isIssuer(keys.node), directory.isMember(member), let key = directory.key(of: member) else {
      return nil
    }
    do throws(CertificateFailure) {
      let certificate = try authority.certify(key, at: clock.millisecondsSince1970)
      log.info("a member's certificate was renewed", LogField("member", member.description))
      return certificate
    } catch {
      log.error("a member's certificate could not be renewed", LogField("error", error.description))
      return nil
    }
  }

  func keyWish(of issuer: NodeID) async -> [UInt8]? {
    guard let view = current?.desk.current, view.directory.isIssuer(issuer) else { return nil }
    return taker.wish(from: issuer, in: view.fleet, at: .now).bytes
  }

  func takeKey(_ parcel: [UInt8], from issuer: NodeID) async throws(RegistryError) -> Bool {
    guard let seat = current, seat.desk.current.directory.isIssuer(issuer) else { return false }
    let fleetKey = seat.desk.current.directory.fleetKey
    guard let key = taker.take(parcel, from: issuer, key: fleetKey, at: .now) else { return false }
    guard try await hold(key, seat) != nil else { return false }
    log.warning("this node holds the fleet's key now", LogField("from", issuer.description))
    return true
  }
}
