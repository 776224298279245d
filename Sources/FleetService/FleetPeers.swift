import FleetCore
import RegistryCore

/// The way to other members.
public protocol FleetPeers: Sendable {
  /// Asks a member and waits for its answer. `nil`: there was none, for whatever reason, or it was not one.
  /// - Parameter addresses: where it says that it is reached, the one to try first first.
  func ask(_ member: NodeID, at addresses: [MemberAddress], _ message: FleetMessage) async -> FleetMessage?

  /// These are members no more: what is open to them or from them ends now.
  func drop(_ strangers: Set<NodeID>) async
}
