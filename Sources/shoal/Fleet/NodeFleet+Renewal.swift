import FleetCore
import FleetHTTP
import FleetService
import OpenSSLKit
import RegistryCore
import RegistryHTTP
import Telemetry

/// The node's certificate over its life.
extension NodeFleet {
  /// From now on, until the node closes: it is renewed when it is due. Safe to call again, and then looks at once.
  func lookAfterCertificate() {
    renewal?.cancel()
    // Unstructured: it lasts as long as the node is a member; `close` cancels it.
    renewal = Task { await self.renewWhenDue() }
  }

  private func renewWhenDue() async {
    while !Task.isCancelled, let seat = current {
      if certificateAge(seat).isDue { await renew(seat) }
      let pause = current.map { certificateAge($0).pauseSeconds } ?? 1
      do { try await Task.sleep(for: .seconds(pause)) } catch { return }
    }
  }

  nonisolated func certificateAge(_ seat: Seat) -> CertificateAge {
    CertificateAge(seat.papers.certificate.validity, at: clock.millisecondsSince1970 / 1000)
  }

  private func renew(_ seat: Seat) async {
    let age = certificateAge(seat)
    do throws(RegistryError) {
      try await show(try await newCertificate(seat))
      renewalTrouble.withLock { $0 = nil }
      log.info("this node's certificate was renewed", LogField("days_left", certificateAge(current ?? seat).daysLeft))
    } catch {
      // Cancelled: another look has begun, or the node ends.
      guard !Task.isCancelled else { return }
      renewalTrouble.withLock { $0 = error.message }
      if age.isOver {
        log.error("this node's certificate is over: no member speaks with it", LogField("error", error.message))
      } else {
        log.warning(
          "this node's certificate could not be renewed", LogField("days_left", age.daysLeft),
          LogField("error", error.message))
      }
    }
  }

  private func newCertificate(_ seat: Seat) async throws(RegistryError) -> Certificate {
    let view = seat.desk.current
    if let authority = seat.papers.issuing, view.directory.isIssuer(view.node) {
      do throws(CertificateFailure) {
        return try authority.certify(keys.publicKey, at: clock.millisecondsSince1970)
      } catch {
        throw RegistryError(.internal, "the certificate could not be made: \(error)")
      }
    }
    guard view.isMember(view.node) else { throw RegistryError(.denied, "this node was removed from its fleet") }
    if certificateAge(seat).isOver {
      throw RegistryError(
        .unavailable,
        "it came back too late to renew it: get an invitation (shoal fleet invite, on an issuer) and run "
          + "shoal fleet join here; the node stays who it is")
    }
    let others = view.directory.issuers.filter { $0 != view.node }.shuffled()
    let issuers = others.filter { view.state(of: $0) == .alive } + others.filter { view.state(of: $0) != .alive }
    for issuer in issuers {
      if let certificate = await seat.channel.certificate(from: issuer), isSound(certificate, seat) {
        return certificate
      }
    }
    let names = issuers.map { view.title(of: $0) }.sorted().joined(separator: ", ")
    throw RegistryError(
      .unavailable,
      "no issuer renewed it (\(names.isEmpty ? "there is none" : names)): start one, or make one with "
        + "shoal fleet recover")
  }

  /// The same key, this fleet, and longer than the one before.
  private func isSound(_ certificate: Certificate, _ seat: Seat) -> Bool {
    certificate.key.ed25519 == keys.publicKey.bytes && certificate.isIssued(by: seat.papers.authority)
      && certificate.validity.notAfter > seat.papers.certificate.validity.notAfter
  }

  /// On disk first. Connections that run go on under the old one.
  private func show(_ certificate: Certificate) async throws(RegistryError) {
    let files = files
    try await work.run { () throws(RegistryError) in try files.renew(certificate) }
    change {
      $0.papers = .init(authority: $0.papers.authority, certificate: certificate, issuing: $0.papers.issuing)
    }
    guard let seat = current, let port else { return }
    do {
      try port.show(seat.papers)
      try seat.channel.use(certificate, seat.papers.authority, keys)
    } catch {
      throw RegistryError(.internal, "the new certificate cannot be shown: \(error)")
    }
  }

  /// Lets in again a member whose certificate is over or about to be: it keeps what it is and has.
  func readmit(_ token: InviteToken, _ seat: Seat) async throws(RegistryError) {
    let current = seat.desk.current
    guard let port,
      let card = port.introduction.card(
        in: token.fleet, keys, at: clock.millisecondsSince1970, after: current.cards[keys.node])
    else { throw RegistryError(.internal, "this node's name and addresses make no card") }
    let joined: Joining.NewMember
    do {
      joined = try await JoinCall(token, keys: keys, card: card).run()
    } catch {
      throw RegistryError(.unavailable, "\(error)")
    }
    guard let certificate = Certificate(der: joined.welcome.certificate), isSound(certificate, seat) else {
      throw RegistryError(.unavailable, JoinFault.falseAnswer.description)
    }
    try await show(certificate)
    renewalTrouble.withLock { $0 = nil }
    seat.desk.hear(joined.welcome)
    seat.desk.introduce(port.introduction)
    lookAfterCertificate()
  }

  nonisolated func certificateDocument(_ seat: Seat) -> CertificateDocument {
    let age = certificateAge(seat)
    return CertificateDocument(
      endsAtSeconds: age.end, dueAtSeconds: age.due, isOver: age.isOver, trouble: renewalTrouble.withLock { $0 })
  }
}
