import BlockingWork

/// What all connections of a server share.
final class Service: Sendable {
  let handler: any Handler
  let limits: WireLimits
  let patience: Patience
  let parser: HeadParser
  let counters = ServerCounters()
  let admissions: Admissions
  /// For parts of files that are not in memory.
  let disk: BlockingPool

  init(handler: any Handler, limits: WireLimits, diskThreads: Int) {
    self.handler = handler
    self.limits = limits
    patience = Patience(limits)
    parser = HeadParser(limits)
    admissions = Admissions(limits)
    disk = BlockingPool(name: "wire-disk", threads: diskThreads)
  }

  /// Undoes an admission.
  func connectionClosed(_ peer: PeerAddress, _ loop: EventLoop) {
    loop.load.subtract(1, ordering: .relaxed)
    admissions.leave(peer)
  }
}
