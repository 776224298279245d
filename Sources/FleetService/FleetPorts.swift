import FleetCore
import RegistryCore
import Telemetry

/// The outside of a member.
public struct FleetPorts: Sendable {
  public let ledger: any ClaimLedger
  public let statements: any Statements
  public let peers: any FleetPeers
  public let held: any HeldBlobs
  public let clock: any WallClock
  public let log: Logger
  /// Names may stand for something else now. Any thread; must not block.
  public let namesChanged: @Sendable () -> Void
  /// The directory is another now; before and after. The machine's thread; must not block.
  public let membersChanged: @Sendable (FleetView, FleetView) -> Void
  public let meter: FleetMeter
  /// What is here, to be shown to operators; `nil`: not known.
  public let bulletin: @Sendable () async -> Bulletin?

  public init(
    ledger: any ClaimLedger, statements: any Statements, peers: any FleetPeers, held: any HeldBlobs,
    clock: any WallClock, log: Logger, namesChanged: @escaping @Sendable () -> Void = {},
    membersChanged: @escaping @Sendable (FleetView, FleetView) -> Void = { _, _ in },
    meter: FleetMeter = FleetMeter(), bulletin: @escaping @Sendable () async -> Bulletin? = { nil }
  ) {
    (self.ledger, self.statements, self.peers, self.held) = (ledger, statements, peers, held)
    (self.clock, self.log, self.namesChanged) = (clock, log, namesChanged)
    (self.membersChanged, self.meter, self.bulletin) = (membersChanged, meter, bulletin)
  }
}
