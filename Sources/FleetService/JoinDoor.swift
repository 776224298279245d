import FleetCore
import OpenSSLKit
import RegistryCore
import Telemetry

/// Lets nodes into the fleet: makes invitations, and answers those who come with one. An issuer has it.
///
/// One newcomer at a time is let in: while one is decided about, others are told to ask again.
public actor JoinDoor {
  /// Whether a node with this identity answers at one of these addresses.
  public typealias Doorbell = @Sendable (NodeID, [MemberAddress]) async -> Bool

  private static let busyMilliseconds: Int64 = 1000

  private let desk: FleetDesk
  private let authority: FleetAuthority
  private let bell: Doorbell
  private let start = ContinuousClock.now
  private var book: InviteBook
  private var gate = JoinGate()
  private var isDeciding = false

  private init(_ desk: FleetDesk, _ authority: FleetAuthority, _ book: InviteBook, bell: @escaping Doorbell) {
    (self.desk, self.authority, self.book, self.bell) = (desk, authority, book, bell)
  }

  /// With the invitations that are still open.
  public static func open(
    _ desk: FleetDesk, _ authority: FleetAuthority, bell: @escaping Doorbell
  ) async throws(RegistryError) -> JoinDoor {
    let kept = try await desk.ports.statements.all(on: .invite)
    let book = InviteBook(kept.compactMap { Invite(bytes: $0.value) })
    return JoinDoor(desk, authority, book, bell: bell)
  }

  // MARK: - Invitations

  /// A new invitation, kept before it is handed out.
  public func invite() async throws(RegistryError) -> InviteToken {
    guard isIssuer else {
      throw RegistryError(.denied, "this node may let nobody in (any more): another issuer took that from it")
    }
    let now = desk.ports.clock.millisecondsSince1970
    let over = book.drop(at: now)
    if let fullness = book.fullness {
      throw RegistryError(.tooManyRequests, "\(fullness); each is over 15 minutes after it was made")
    }
    guard let id = InviteID(SecureRandom.bytes(InviteToken.idByteCount)),
      let secret = InviteSecret(SecureRandom.bytes(InviteToken.secretByteCount)),
      let invite = book.issue(id, secret, at: now, notary: desk.keys)
    else { throw RegistryError(.internal, "no invitation could be made; try again") }
    let current = desk.current
    guard let addresses = current.cards[current.node]?.draft.addresses,
      let token = InviteToken(
        addresses: addresses, fleet: current.fleet, id: id, secret: secret, expires: invite.expires / 1000)
    else { throw RegistryError(.internal, "this node's addresses make no invitation") }
    let changes = over.map { StatementChange(.invite, key: $0.bytes, value: nil) }
    try await desk.ports.statements.keep(changes + [StatementChange(invite)])
    return token
  }

  // MARK: - Newcomers

  /// - Parameters:
  ///   - endpoint: where the question comes from.
  ///   - binding: what both ends know of the connection: the identity that this node showed.
  public func answer(_ bytes: [UInt8], from endpoint: PeerEndpoint, binding: [UInt8]) async -> JoinAnswer {
    let since = start.duration(to: .now).components
    let monotonic = since.seconds * 1000 + since.attoseconds / 1_000_000_000_000_000
    var (request, isInvited) = (JoinRequest?.none, false)
    let turn = gate.knock(from: endpoint, at: monotonic) {
      request = JoinRequest(bytes: bytes)
      isInvited = request.map { book.knows($0.draft.invite, at: desk.ports.clock.millisecondsSince1970) } ?? false
      return isInvited
    }
    switch turn {
    case .open: break
    case .shut(let wait): return .refused(.busy(milliseconds: wait))
    case .unheard: return .refused(.notInvited)
    }
    guard let request else { return .refused(.notInvited) }
    guard !isDeciding else {
      if isInvited { gate.giveBack(to: endpoint) }
      return .refused(.busy(milliseconds: Self.busyMilliseconds))
    }
    isDeciding = true
    defer { isDeciding = false }
    do {
      return try await decide(request, binding: binding)
    } catch {
      desk.ports.log.error("a node could not be let in", LogField("error", "\(error)"))
      return .refused(.failed)
    }
  }

  /// Having the key is not enough: the fleet must still say so.
  private var isIssuer: Bool {
    let current = desk.current
    return current.directory.isIssuer(current.node)
  }

  private func decide(_ request: JoinRequest, binding: [UInt8]) async throws -> JoinAnswer {
    let now = desk.ports.clock.millisecondsSince1970
    let (draft, current) = (request.draft, desk.current)
    guard isIssuer else { return .refused(.notInvited) }
    let verdict = book.verdict(on: request, in: current.fleet, binding: binding, at: now, notary: desk.keys)
    guard verdict != .refused else { return .refused(.notInvited) }
    // It was let in with this one, and put out since: the same answer as for any that is used.
    if verdict == .repeated, !current.isMember(draft.card.node) { return .refused(.notInvited) }
    guard let own = current.cards[current.node],
      own.draft.versions.common(with: draft.card.draft.versions) != nil
    else { return .refused(.otherVersion) }
    let node = draft.card.node
    if verdict == .good, !(await bell(node, draft.card.draft.addresses)) { return .refused(.unreachable) }
    guard let before = book.invite(draft.invite), let invite = book.redeem(draft.invite, by: draft.key, at: now) else {
      return .refused(.notInvited)
    }
    var records = current.directory.records
    if !current.isMember(node) {
      let record: FleetRecord
      do throws(Directory.DraftFault) {
        record = authority.sign(
          try current.directory.admission(
            of: draft.key, named: draft.card.draft.name, by: current.node, at: now, notary: desk.keys))
      } catch {
        if error == .full { return .refused(.full) }
        throw error
      }
      do throws(RegistryError) {
        try await FleetMemory(desk.ports.statements).keep(
          DirectoryNews(records: [record]), [], desk.keys,
          with: ([invite] + book.useUp(by: draft.key)).map { StatementChange($0) })
      } catch {
        book.restore(before)
        throw error
      }
      // On return the node is a member here: who asks again is known.
      await desk.issued(DirectoryNews(records: [record]))
      desk.hear(Gossip(cards: [draft.card]), of: node)
      records.removeAll { $0.subject == record.subject }
      records.append(record)
      desk.ports.log.info(
        "a node was let into the fleet", LogField("member", node.description),
        LogField("name", draft.card.draft.name.text))
    }
    return try welcome(draft.key, records, current.cards, at: now)
  }

  /// A member has left by itself: the invitation that it came with is good for it once more.
  public func handBack(by key: PublicKey) async throws(RegistryError) {
    let invites = book.handBack(by: key, at: desk.ports.clock.millisecondsSince1970)
    if !invites.isEmpty { try await desk.ports.statements.keep(invites.map { StatementChange($0) }) }
  }

  private func welcome(
    _ key: PublicKey, _ records: [FleetRecord], _ cards: CardBook, at now: Int64
  ) throws -> JoinAnswer {
    let certificate = try authority.certify(key, at: now)
    guard
      let welcome = JoinAnswer.Welcome(
        certificate: certificate.der, authority: authority.certificate.der, records: records, cards: cards.all)
    else { return .refused(.failed) }
    return .welcome(welcome)
  }
}

// An invitation on this node's disk: bencoded, `expires id secret` and, once it was used, `user`; `back` when its user has
// left by itself, which an earlier release passes over: it then stays used.
extension Invite {
  init?(bytes: [UInt8]) {
    let limits = BencodeDocument.Limits(bytes: 1024, depth: 2, values: 32)
    guard let root = try? BencodeDocument(bytes, within: limits).root, let expires = root["expires"]?.integer,
      let id = root["id"]?.bytes.flatMap({ InviteID($0) }), let secret = root["secret"]?.bytes
    else { return nil }
    self.init(
      id: id, secretHash: Array(secret), expires: expires, usedBy: root["user"]?.bytes.flatMap { PublicKey($0) },
      isHandedBack: root["back"]?.integer == 1)
  }

  var bytes: [UInt8] {
    var entries: [BencodeValue.Key: BencodeValue] = [
      "expires": .integer(expires), "id": .bytes(id.bytes), "secret": .bytes(secretHashBytes),
    ]
    if let usedBy { entries["user"] = .bytes(usedBy.bytes) }
    if isHandedBack { entries["back"] = .integer(1) }
    return BencodeValue.dictionary(entries).encoded
  }
}

extension StatementChange {
  fileprivate init(_ invite: Invite) { self.init(.invite, key: invite.id.bytes, value: invite.bytes) }
}
