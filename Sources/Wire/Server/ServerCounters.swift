import Synchronization

/// What happened to connections since the start. Any thread.
final class ServerCounters: Sendable {
  let accepted = Atomic<Int>(0)
  let overTotal = Atomic<Int>(0)
  let overAddress = Atomic<Int>(0)
  let outOfDescriptors = Atomic<Int>(0)
  let refusedHeads = Atomic<Int>(0)
  let lateHeads = Atomic<Int>(0)
  let failedHandshakes = Atomic<Int>(0)
  let tooSlow = Atomic<Int>(0)

  init() {}
}

/// `ServerCounters` at one moment, and what is open then: for metrics.
public struct ServerStatistics: Sendable, Hashable {
  public let openConnections: Int
  public let acceptedConnections: Int
  /// Turned away because there were `WireLimits.connections` already.
  public let overTotal: Int
  /// Turned away because their address had `WireLimits.connectionsPerAddress` already.
  public let overAddress: Int
  /// Turned away because the process had no descriptor left.
  public let outOfDescriptors: Int
  public let refusedHeads: Int
  public let lateHeads: Int
  public let failedHandshakes: Int
  /// Cut because their bodies moved slower than the minimum rate.
  public let tooSlow: Int

  init(_ counters: ServerCounters, open: Int) {
    openConnections = open
    acceptedConnections = counters.accepted.load(ordering: .relaxed)
    overTotal = counters.overTotal.load(ordering: .relaxed)
    overAddress = counters.overAddress.load(ordering: .relaxed)
    outOfDescriptors = counters.outOfDescriptors.load(ordering: .relaxed)
    refusedHeads = counters.refusedHeads.load(ordering: .relaxed)
    lateHeads = counters.lateHeads.load(ordering: .relaxed)
    failedHandshakes = counters.failedHandshakes.load(ordering: .relaxed)
    tooSlow = counters.tooSlow.load(ordering: .relaxed)
  }
}
