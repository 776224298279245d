import BlockingWork
import RegistryCore

/// How many connections are carried: so many in all, so many of one member. Any thread.
final class CarriedConnections: Sendable {
  private let counts = Lock<[NodeID: Int]>([:])
  private let limits: TunnelLimits

  init(_ limits: TunnelLimits) { self.limits = limits }

  /// False: too many. Whoever entered leaves.
  func enter(_ member: NodeID) -> Bool {
    counts.withLock { counts in
      let own = counts[member, default: 0]
      guard own < limits.connectionsOfMember, counts.values.reduce(0, +) < limits.connections else { return false }
      counts[member] = own + 1
      return true
    }
  }

  func leave(_ member: NodeID) {
    counts.withLock { counts in
      let own = counts[member, default: 0]
      counts[member] = own > 1 ? own - 1 : nil
    }
  }
}
