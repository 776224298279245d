import RegistryCore

/// What an operator asks of a node's part in a fleet.
public protocol FleetOperations: IssuerOperations {
  /// Makes a fleet of which this node is the first member.
  func found() async throws(RegistryError) -> FleetMembershipDocument

  func invite() async throws(RegistryError) -> InvitationDocument

  /// - Parameter names: what to do with names that do not go together; `nil`: refuse.
  func join(_ token: String, names: String?) async throws(RegistryError) -> FleetMembershipDocument

  func fleet() async throws(RegistryError) -> FleetDocument

  /// Puts a member out.
  /// - Parameter member: its name, or how its ID begins.
  func remove(_ member: String) async throws(RegistryError) -> RemovalDocument

  /// - Parameter isForced: also when images are lost to the fleet, or no issuer answers.
  func leave(isForced: Bool) async throws(RegistryError) -> any FleetDeparture

  /// `nil`: this node keeps nothing with anybody.
  func keepers(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> KeepersDocument?

  func policy() async throws(RegistryError) -> PolicyDocument

  /// - Parameters:
  ///   - text: YAML, as an operator wrote it.
  ///   - isForced: also when no rule is left.
  func set(policy text: [UInt8], isForced: Bool) async throws(RegistryError) -> PolicyDocument
}

public struct RemovalDocument: Codable, Sendable {
  public let fleet: String
  public let node: String
  public let name: String
  /// It holds the fleet's key.
  public let wasIssuer: Bool
  /// Who are left.
  public let members: Int

  public init(fleet: String, node: String, name: String, wasIssuer: Bool, members: Int) {
    (self.fleet, self.node, self.name) = (fleet, node, name)
    (self.wasIssuer, self.members) = (wasIssuer, members)
  }
}

public struct FleetMembershipDocument: Codable, Sendable {
  /// The hash of the fleet's key.
  public let fleet: String
  public let node: String
  public let name: String
  public let members: Int
  public let issuers: Int
  /// Of a node that was removed and came back: how much it wrote that does not count.
  public let lostClaims: Int64?
  /// Of a node that has joined: the tags with which another came at the same time, for other images.
  public let contested: [ContestedNameDocument]?

  public init(
    fleet: String, node: String, name: String, members: Int, issuers: Int, lostClaims: Int64? = nil,
    contested: [ContestedNameDocument] = []
  ) {
    (self.fleet, self.node, self.name) = (fleet, node, name)
    (self.members, self.issuers, self.lostClaims) = (members, issuers, lostClaims)
    self.contested = contested.isEmpty ? nil : contested
  }
}

/// A tag that two nodes brought into a fleet, for two images.
public struct ContestedNameDocument: Codable, Sendable {
  public let name: String
  /// What this node brought.
  public let digest: String
  /// What the other brought, and who that is.
  public let other: String
  public let member: String
  /// What the tag names now.
  public let names: String

  public init(name: String, digest: String, other: String, member: String, names: String) {
    (self.name, self.digest, self.other, self.member, self.names) = (name, digest, other, member, names)
  }
}

public struct InvitationDocument: Codable, Sendable {
  public let token: String
  public let fleet: String
  public let addresses: [String]
  public let expiresAtSeconds: Int64

  public init(token: String, fleet: String, addresses: [String], expiresAtSeconds: Int64) {
    (self.token, self.fleet, self.addresses) = (token, fleet, addresses)
    self.expiresAtSeconds = expiresAtSeconds
  }
}

public struct FleetDocument: Codable, Sendable {
  public struct Member: Codable, Sendable {
    public let node: String
    public let name: String
    /// As this node sees it: alive, suspected or down.
    public let state: String
    public let zone: String?
    public let addresses: [String]
    public let release: String?
    public let isIssuer: Bool
    public let isThisNode: Bool
    /// What it says of itself; absent: nothing yet.
    public let says: FleetBulletinDocument?
    /// Where it has used a number twice; absent: nowhere, as far as is known.
    public let twins: [Twin]?
    /// It sent this node wrong bytes; absent: not during the last hour.
    public let ban: Ban?

    public init(
      node: String, name: String, state: String, zone: String?, addresses: [String], release: String?,
      isIssuer: Bool, isThisNode: Bool, says: FleetBulletinDocument? = nil, twins: [Twin] = [],
      ban: Ban? = nil
    ) {
      (self.node, self.name, self.state, self.zone) = (node, name, state, zone)
      (self.addresses, self.release, self.isIssuer, self.isThisNode) = (addresses, release, isIssuer, isThisNode)
      (self.says, self.twins, self.ban) = (says, twins.isEmpty ? nil : twins, ban)
    }
  }

  /// No blob is taken from it, while others have it, for so long.
  public struct Ban: Codable, Hashable, Sendable {
    /// `channel` or `swarm`: by which way the bytes came, the last time.
    public let source: String
    public let digest: String?
    public let count: Int
    public let endsInSeconds: Int64

    public init(source: String, digest: String?, count: Int, endsInSeconds: Int64) {
      (self.source, self.digest, self.count, self.endsInSeconds) = (source, digest, count, endsInSeconds)
    }
  }

  /// Two claims of a member with one number, signed both: a log that counts no further.
  public struct Twin: Codable, Hashable, Sendable {
    public let epoch: Int64
    public let number: Int64
    /// When the later of the two was said, by its writer's clock.
    public let atMilliseconds: Int64

    public init(epoch: Int64, number: Int64, atMilliseconds: Int64) {
      (self.epoch, self.number, self.atMilliseconds) = (epoch, number, atMilliseconds)
    }
  }

  public let fleet: String
  public let node: String
  /// How old what this node knows may be; absent: it has not compared with anybody yet.
  public let behindMilliseconds: Int64?
  /// Why this node writes no names now.
  public let refusesWrites: String?
  /// This node's; of other nodes' their bulletins tell the end.
  public let certificate: CertificateDocument
  public let members: [Member]
  public let work: FleetWorkDocument
  /// What this node keeps; absent: nothing for anybody.
  public let keeping: KeepingDocument?

  public init(
    fleet: String, node: String, behindMilliseconds: Int64?, refusesWrites: String?,
    certificate: CertificateDocument, members: [Member], work: FleetWorkDocument,
    keeping: KeepingDocument?
  ) {
    (self.fleet, self.node, self.behindMilliseconds) = (fleet, node, behindMilliseconds)
    (self.refusesWrites, self.certificate, self.members) = (refusesWrites, certificate, members)
    (self.work, self.keeping) = (work, keeping)
  }
}
