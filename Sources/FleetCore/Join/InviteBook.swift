import RegistryCore

/// An invitation as the member that made it keeps it: the secret itself is nowhere.
public struct Invite: Hashable, Sendable {
  public let id: InviteID
  let secretHash: RecordHash
  /// In milliseconds since 1970.
  public let expires: Int64
  /// Who has used it.
  public fileprivate(set) var usedBy: PublicKey?
  /// Who used it has left by itself since, and may use it once more.
  public fileprivate(set) var isHandedBack: Bool

  /// From this node's own disk.
  public init?(
    id: InviteID, secretHash: [UInt8], expires: Int64, usedBy: PublicKey?, isHandedBack: Bool = false
  ) {
    guard let hash = RecordHash(secretHash) else { return nil }
    (self.id, self.secretHash, self.expires) = (id, hash, expires)
    (self.usedBy, self.isHandedBack) = (usedBy, isHandedBack && usedBy != nil)
  }

  public var secretHashBytes: [UInt8] { secretHash.bytes }

  /// Whether a node may still be let in with it, as far as its time allows.
  var isOpen: Bool { usedBy == nil || isHandedBack }
}

/// The invitations of one member. Each is good for fifteen minutes and for one node. Who asks with a wrong one, a used one
/// or an expired one is told the same, after the same work.
public struct InviteBook: Sendable {
  public static let lifeMilliseconds: Int64 = 15 * 60 * 1000
  /// How many may be open at a time.
  public static let limit = 256
  /// How many are remembered, used ones too: who did not hear the answer asks again with one.
  public static let rememberedLimit = 4096

  public enum Verdict: Hashable, Sendable {
    /// Good, if it is redeemed before any other: to be asked before the node is let in, and before that is signed.
    case good
    /// This very node has used it and did not hear the answer. If it is a member still, it gets a certificate again; if it
    /// was put out since, it is refused like the rest.
    case repeated
    case refused
  }

  private var invites: [InviteID: Invite] = [:]

  public init(_ invites: some Sequence<Invite> = []) {
    for invite in invites { self.invites[invite.id] = invite }
  }

  public var all: [Invite] { invites.values.sorted { $0.id.bytes.lexicographicallyPrecedes($1.id.bytes) } }

  /// Why there can be no further invitation just now, for people.
  public var fullness: String? {
    if invites.count >= Self.rememberedLimit { return "\(Self.rememberedLimit) invitations were made in 15 minutes" }
    if invites.values.count(where: \.isOpen) >= Self.limit { return "\(Self.limit) invitations are open" }
    return nil
  }

  /// Notes a new invitation; to be kept on disk before the token is shown. `nil`: there are too many, or the number is
  /// one's already.
  /// - Parameters:
  ///   - id, secret: unpredictable.
  public mutating func issue(
    _ id: InviteID, _ secret: InviteSecret, at now: Int64, notary: some FleetNotary
  ) -> Invite? {
    drop(at: now)
    let hash = secret.hash(of: id, notary).bytes
    guard fullness == nil, invites[id] == nil,
      let invite = Invite(id: id, secretHash: hash, expires: now + Self.lifeMilliseconds, usedBy: nil)
    else { return nil }
    invites[id] = invite
    return invite
  }

  /// Whether a request proves that its sender was invited. Changes nothing: between this and `redeem` the member makes sure
  /// that the newcomer can be reached.
  /// - Parameter binding: of the connection that it came by (`JoinRequest.Draft`).
  public func verdict(
    on request: JoinRequest, in fleet: FleetID, binding: [UInt8], at now: Int64, notary: some JoinNotary
  ) -> Verdict {
    let draft = request.draft
    let invite = invites[draft.invite]
    // Every step is taken whatever came out of the one before: the time it takes tells nothing.
    let secret = invite?.secretHash.bytes ?? [UInt8](repeating: 0, count: RecordHash.byteCount)
    let said = JoinRequest.proven(draft.invite, key: draft.key, nonce: draft.nonce, binding: binding)
    let isProven = Self.areEqual(notary.code(of: said, under: secret), draft.proof)
    let isGenuine = request.isGenuine(in: fleet, notary)
    guard let invite, isProven, isGenuine, now < invite.expires else { return .refused }
    guard let user = invite.usedBy else { return .good }
    guard user == draft.key else { return .refused }
    return invite.isHandedBack ? .good : .repeated
  }

  /// Uses an invitation up; to be kept on disk with the record that lets the node in.
  /// - Returns: `nil`: another node was quicker, or the time is over.
  public mutating func redeem(_ id: InviteID, by key: PublicKey, at now: Int64) -> Invite? {
    guard var invite = invites[id], now < invite.expires, invite.usedBy == nil || invite.usedBy == key else {
      return nil
    }
    (invite.usedBy, invite.isHandedBack) = (key, false)
    invites[id] = invite
    return invite
  }

  /// Whether this is the number of an invitation whose time is not over, used or not.
  public func knows(_ id: InviteID, at now: Int64) -> Bool { invites[id].map { now < $0.expires } ?? false }

  /// As it stands now; `nil`: there is none.
  public func invite(_ id: InviteID) -> Invite? { invites[id] }

  /// What was redeemed could not be kept: it is as good as before.
  public mutating func restore(_ before: Invite) { invites[before.id] = before }

  /// A node has left by itself, as one does whose names the fleet's do not go with: what it came with is good for it once
  /// more, while its time lasts, and for nobody else.
  /// - Returns: what changed, to be kept.
  public mutating func handBack(by key: PublicKey, at now: Int64) -> [Invite] {
    let own = all.filter { $0.usedBy == key && !$0.isHandedBack && now < $0.expires }
    for invite in own { invites[invite.id]?.isHandedBack = true }
    return own.compactMap { invites[$0.id] }
  }

  /// A node is let in: what it had handed back before and did not use now is used up, so that nothing is left for it when
  /// an issuer puts it out.
  /// - Returns: what changed, to be kept with the record that lets the node in.
  public mutating func useUp(by key: PublicKey) -> [Invite] {
    let own = all.filter { $0.usedBy == key && $0.isHandedBack }
    for invite in own { invites[invite.id]?.isHandedBack = false }
    return own.compactMap { invites[$0.id] }
  }

  /// Forgets invitations whose time is over.
  /// - Returns: those, to be taken off the disk.
  @discardableResult
  public mutating func drop(at now: Int64) -> [InviteID] {
    let over = all.filter { $0.expires <= now }.map(\.id)
    for id in over { invites[id] = nil }
    return over
  }

  /// In the same time wherever they differ.
  private static func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && zip(one, other).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
  }
}
