import FleetCore
import RegistryCore
import Telemetry

/// The outside of a member.
public struct FleetPorts: Sendable {
  public let ledger: any ClaimLedger
  public let statements: any Statements
  public let peers: any FleetPeers
  public let clock: any WallClock
  public let log: Logger
  /// Names may stand for something else now. Any thread; must not block.
  public let namesChanged: @Sendable () -> Void
  /// The directory is another now; before and after. The machine's thread; must not block.
  public let membersChanged: @Sendable (FleetView, FleetView) -> Void

  public init(
    ledger: any ClaimLedger, statements: any Statements, peers: any FleetPeers, clock: any WallClock, log: Logger,
    namesChanged: @escaping @Sendable () -> Void = {},
    membersChanged: @escaping @Sendable (FleetView, FleetView) -> Void = { _, _ in }
  ) {
    (self.ledger, self.statements, self.peers, self.clock, self.log) = (ledger, statements, peers, clock, log)
    (self.namesChanged, self.membersChanged) = (namesChanged, membersChanged)
  }
}
