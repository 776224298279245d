import RegistryCore

/// How far a node is on its way out of its fleet.
public struct DepartureDocument: Codable, Sendable {
  public enum Phase: String, Codable, Sendable {
    /// Others take in what this node alone keeps.
    case handingOver
    /// An issuer must have heard all that this node said, and put it out.
    case signingOff
    /// The node is alone.
    case left
  }

  public let phase: Phase
  public let fleet: String
  /// Images that nobody else keeps whole, as `repository@digest`: those that are waited for or, of a node that has left, that
  /// the fleet has lost.
  public let alone: [String]
  /// What is waited for, in words.
  public let waitsFor: String?
  /// Of a node that has left: whether an issuer has put it out. Else the others list it until one does.
  public let wasRemoved: Bool

  public init(phase: Phase, fleet: String, alone: [String], waitsFor: String?, wasRemoved: Bool = false) {
    (self.phase, self.fleet, self.alone) = (phase, fleet, alone)
    (self.waitsFor, self.wasRemoved) = (waitsFor, wasRemoved)
  }
}

/// A node on its way out, a step at a time. Whoever lets go of it before the last step stays a member.
public protocol FleetDeparture: Sendable {
  /// `nil`: that was all.
  func next() async throws(RegistryError) -> DepartureDocument?
}
