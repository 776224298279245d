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

  public init(
    ledger: any ClaimLedger, statements: any Statements, peers: any FleetPeers, held: any HeldBlobs,
    clock: any WallClock, log: Logger, namesChanged: @escaping @Sendable () -> Void = {}
  ) {
    (self.ledger, self.statements, self.peers, self.held) = (ledger, statements, peers, held)
    (self.clock, self.log) = (clock, log)
    self.namesChanged = namesChanged
  }
}
