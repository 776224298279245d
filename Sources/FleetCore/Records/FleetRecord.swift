import RegistryCore

/// What only the holder of a fleet's key can say: who belongs to it, who holds the key too, and what its policy is.
public struct FleetRecord: Hashable, Sendable {
  /// What a record says, before it is signed.
  public struct Draft: Hashable, Sendable {
    public let fleet: FleetID
    /// Above every number that the issuer knew of, so that what was said in the knowledge of something else beats it.
    public let number: Int64
    /// Which node signed with the fleet's key; for people to read.
    public let issuer: NodeID
    /// The issuer's wall clock in milliseconds; for people to read.
    public let time: Int64
    public let statement: Statement

    /// `nil`: out of bounds.
    public init?(fleet: FleetID, number: Int64, issuer: NodeID, time: Int64, statement: Statement) {
      guard 1...FleetRecord.numberLimit ~= number, time >= 0 else { return nil }
      (self.fleet, self.number, self.issuer) = (fleet, number, issuer)
      (self.time, self.statement) = (time, statement)
    }
  }

  public enum Statement: Hashable, Sendable {
    case member(NodeID, Membership)
    /// Whether the node holds the fleet's key and may let others in.
    case issuer(NodeID, Issuance)
    case policy(FleetPolicy)
    /// Of a later release: kept and handed on.
    case other(subject: String, content: [UInt8])
  }

  /// What a record speaks of. Of each subject one record stands.
  public enum Subject: Hashable, Sendable {
    case member(NodeID)
    case issuer(NodeID)
    case policy
    case other(String)
  }

  /// Far above what a fleet can use up, and one more than it is still a number.
  public static let numberLimit: Int64 = 1 << 53
  public static let contentByteLimit = 64 * 1024
  public static let policyByteLimit = 1024 * 1024
  /// The longest record on its way.
  public static let byteLimit = policyByteLimit + 1024

  public let draft: Draft
  let signed: Signed

  init(draft: Draft, signed: Signed) {
    (self.draft, self.signed) = (draft, signed)
  }

  /// `nil`: a signature has 64 bytes.
  /// - Parameter signature: under the fleet's key, over `draft.signedBytes`.
  public init?(_ draft: Draft, signature: [UInt8]) {
    guard let signed = Signed(body: draft.body, signature: signature) else { return nil }
    self.init(draft: draft, signed: signed)
  }

  public var number: Int64 { draft.number }

  public var statement: Statement { draft.statement }

  public var subject: Subject { draft.statement.subject }

  public func hash(_ notary: some FleetNotary) -> RecordHash { notary.hash(signedBytes) }

  public func isSigned(by key: PublicKey, _ notary: some FleetNotary) -> Bool {
    notary.isSignature(signed.signature, of: signedBytes, by: key)
  }
}

extension FleetRecord.Statement {
  public var subject: FleetRecord.Subject {
    switch self {
    case .member(let node, _): .member(node)
    case .issuer(let node, _): .issuer(node)
    case .policy: .policy
    case .other(let subject, _): .other(subject)
    }
  }

  /// What decides between two records of one subject before their numbers do.
  var rank: (Int64, Int) {
    switch self {
    case .member(_, let membership): membership.rank
    case .issuer(_, let issuance): (issuance.life, 0)
    case .policy, .other: (0, 0)
    }
  }
}
