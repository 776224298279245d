import RegistryCore

/// What an operator asks about the fleet's key and who holds it.
public protocol IssuerOperations: Sendable {
  /// Makes a fleet of which this node is the first member, under an authority of the operator's own PKI.
  /// - Parameter text: its certificate and key, in PEM.
  func found(by text: [UInt8]) async throws(RegistryError) -> FleetMembershipDocument

  /// Hands the fleet's key on to a member.
  /// - Parameter member: its name, or how its ID begins.
  func promote(_ member: String) async throws(RegistryError) -> IssuersDocument

  /// Takes from a member the right to let others in.
  func demote(_ member: String) async throws(RegistryError) -> IssuersDocument

  /// What to carry away, with the fleet's key in it. Also of a node that does not run.
  func recoveryFile() async throws(RegistryError) -> RecoveryDocument

  /// Makes this node an issuer, by a recovery file.
  func recover(_ text: [UInt8]) async throws(RegistryError) -> IssuersDocument
}

public struct IssuersDocument: Codable, Sendable {
  public let fleet: String
  /// Whom it was about.
  public let node: String
  public let name: String
  /// All who may let others in now, by name.
  public let issuers: [String]

  public init(fleet: String, node: String, name: String, issuers: [String]) {
    (self.fleet, self.node, self.name, self.issuers) = (fleet, node, name, issuers)
  }
}

public struct RecoveryDocument: Codable, Sendable {
  public let fleet: String
  /// The whole file. Secret.
  public let text: String

  public init(fleet: String, text: String) { (self.fleet, self.text) = (fleet, text) }
}

public struct CertificateDocument: Codable, Sendable {
  /// Seconds since 1970, as the next.
  public let endsAtSeconds: Int64
  /// From when on it is renewed.
  public let dueAtSeconds: Int64
  public let isOver: Bool
  /// Why it was not renewed, and what to do.
  public let trouble: String?

  public init(endsAtSeconds: Int64, dueAtSeconds: Int64, isOver: Bool, trouble: String?) {
    (self.endsAtSeconds, self.dueAtSeconds) = (endsAtSeconds, dueAtSeconds)
    (self.isOver, self.trouble) = (isOver, trouble)
  }
}
