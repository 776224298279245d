import RegistryCore

/// A node on its way into a fleet: events in, steps out. It tries the addresses of its invitation one after the other,
/// sends nothing before the other side has shown that it belongs to the fleet whose fingerprint the invitation holds, and
/// takes nothing for true that is not signed by that fleet's key.
public struct Joining: Sendable {
  public enum Event: Sendable {
    /// A TLS session stands.
    /// - Parameters:
    ///   - authority: the key under which the other side showed a valid certificate; `nil`: under none.
    ///   - binding: as the other side sees it too (`JoinRequest.Draft`).
    case connected(authority: PublicKey?, binding: [UInt8])
    /// No connection, or it broke off, or its time is over.
    case failed(reason: String)
    /// What came back, as it came.
    case answered([UInt8])
    case waited
  }

  public enum Step: Hashable, Sendable {
    case connect(MemberAddress)
    /// Sign it with the node's key and send it on the connection that stands.
    case send(JoinRequest.Draft)
    case hangUp
    case wait(milliseconds: Int64)
    case joined(NewMember)
    case failed(JoinFault)
  }

  /// What a node has in hand when it is one of the fleet.
  public struct NewMember: Hashable, Sendable {
    public let fleetKey: PublicKey
    public let welcome: JoinAnswer.Welcome
  }

  private enum Phase: Hashable { case connecting, proving, waiting, over }

  /// For how long a member that has no time is asked again. Strangers who knock without end are let alone after their first
  /// few knocks: by then a place is free.
  private static let waitLimitMilliseconds: Int64 = 30_000

  private let token: InviteToken
  private let key: PublicKey
  private let card: MemberCard
  private let nonce: [UInt8]
  private var phase = Phase.connecting
  private var next = 0
  private var waitedMilliseconds: Int64 = 0
  private var authority: PublicKey?
  /// Why the addresses so far were of no use.
  private var failures: [String] = []

  /// - Parameters:
  ///   - key: the node's.
  ///   - card: what it will say of itself, for the token's fleet, signed.
  ///   - nonce: 16 unpredictable bytes.
  public init(_ token: InviteToken, key: PublicKey, card: MemberCard, nonce: [UInt8]) {
    precondition(nonce.count == JoinRequest.nonceByteCount, "a nonce has 16 bytes")
    (self.token, self.key, self.card, self.nonce) = (token, key, card, nonce)
  }

  /// - Parameter now: seconds since 1970. An invitation that is over by this node's clock is tried all the same: the clock
  ///   may be wrong, and then it is told (`JoinFault`).
  public mutating func begin() -> [Step] { connect() }

  public mutating func take(
    _ event: Event, notary: some JoinNotary, certificates: some CertificateNotary
  ) -> [Step] {
    switch (phase, event) {
    case (.connecting, .connected(let authority, let binding)):
      return pin(authority, binding: binding, notary: notary)
    case (.connecting, .failed(let reason)): return tryNext(reason)
    // The other side may have let the node in before the connection broke: the next try says.
    case (.proving, .failed(let reason)): return tryNext(reason)
    case (.proving, .answered(let bytes)): return read(bytes, notary: notary, certificates: certificates)
    case (.waiting, .waited):
      phase = .connecting
      return [.connect(token.addresses[next])]
    default: return []
    }
  }

  private mutating func connect() -> [Step] {
    phase = .connecting
    guard next < token.addresses.count else { return end(.unreachable(failures)) }
    return [.connect(token.addresses[next])]
  }

  private mutating func tryNext(_ reason: String) -> [Step] {
    failures.append("\(token.addresses[next]): \(reason)")
    next += 1
    return connect()
  }

  private mutating func pin(_ authority: PublicKey?, binding: [UInt8], notary: some JoinNotary) -> [Step] {
    guard let authority, authority.fleet(notary) == token.fleet else {
      return [.hangUp] + tryNext("another fleet answers here, or none")
    }
    guard
      let draft = JoinRequest.Draft(token, key: key, card: card, nonce: nonce, binding: binding, notary: notary)
    else { return [.hangUp] + end(.falseAnswer) }
    (self.authority, phase) = (authority, .proving)
    return [.send(draft)]
  }

  private mutating func read(
    _ bytes: [UInt8], notary: some JoinNotary, certificates: some CertificateNotary
  ) -> [Step] {
    guard let authority, let answer = JoinAnswer(bytes: bytes) else { return [.hangUp] + end(.falseAnswer) }
    switch answer {
    case .refused(.busy(let asked)) where waitedMilliseconds < Self.waitLimitMilliseconds:
      let wait = min(max(asked, 1), Self.waitLimitMilliseconds - waitedMilliseconds)
      waitedMilliseconds += wait
      phase = .waiting
      return [.hangUp, .wait(milliseconds: wait)]
    case .refused(let refusal): return [.hangUp] + end(.refused(refusal))
    case .welcome(let welcome):
      guard certificates.key(certifiedBy: welcome.certificate, of: authority) == key,
        isTrue(welcome, under: authority, notary)
      else { return [.hangUp] + end(.falseAnswer) }
      phase = .over
      return [.hangUp, .joined(NewMember(fleetKey: authority, welcome: welcome))]
    }
  }

  /// All of it, or none: who sends one false record is not believed the others.
  private func isTrue(_ welcome: JoinAnswer.Welcome, under fleetKey: PublicKey, _ notary: some FleetNotary) -> Bool {
    var directory = Directory(fleetKey: fleetKey, notary: notary)
    for record in welcome.records { if case .refused = directory.take(record, notary: notary) { return false } }
    guard directory.isMember(key.node(notary)), directory.key(of: key.node(notary)) == key else { return false }
    var cards = CardBook()
    for card in welcome.cards {
      if case .refused = cards.take(card, directory: directory, notary: notary) { return false }
    }
    return true
  }

  private mutating func end(_ fault: JoinFault) -> [Step] {
    phase = .over
    return [.failed(fault)]
  }
}

/// Why a node did not join, and what to do.
public enum JoinFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// No address led to the fleet; with what was found at each.
  case unreachable([String])
  case refused(JoinAnswer.Refusal)
  /// What came back is not what the fleet's key has signed.
  case falseAnswer

  public var description: String {
    switch self {
    case .unreachable(let reasons):
      """
      the fleet cannot be reached (\(reasons.joined(separator: "; "))): check that the inviting node runs, that its fleet \
      port is open to this machine, and fleet.advertise there
      """
    case .refused(.notInvited):
      "this invitation is not valid (any more): it is good for one node and 15 minutes; make a new one with `shoal fleet invite`"
    case .refused(.busy): "the inviting node has too many requests to join; try again in a minute"
    case .refused(.unreachable):
      """
      the inviting node cannot reach this one: open its fleet port, and set fleet.advertise to an address that the other \
      nodes can dial; the invitation is still good
      """
    case .refused(.full): "the fleet has as many nodes as it may have: remove some with `shoal fleet remove`"
    case .refused(.otherVersion): "the fleet runs a release that this one does not understand: install the same release"
    case .refused(.failed): "the inviting node could not let this one in: look at its log and try again"
    case .falseAnswer:
      "the answer is not signed by the fleet's key: nothing was kept; check the inviting node, and that both run a current release"
    }
  }
}
