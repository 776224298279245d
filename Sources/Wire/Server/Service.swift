import BlockingWork
import OpenSSLKit

/// What all connections of a server share.
final class Service: Sendable {
  let handler: any Handler
  /// By the name of what they speak.
  private let takers: [String: any StreamTaker]
  let limits: WireLimits
  let patience: Patience
  let parser: HeadParser
  let counters = ServerCounters()
  let admissions: Admissions
  /// For parts of files that are not in memory.
  let disk: BlockingPool

  init(handler: any Handler, takers: [String: any StreamTaker], limits: WireLimits, diskThreads: Int) {
    self.handler = handler
    self.takers = takers
    self.limits = limits
    patience = Patience(limits)
    parser = HeadParser(limits)
    admissions = Admissions(limits)
    disk = BlockingPool(name: "wire-disk", threads: diskThreads)
  }

  /// After the handshake; `nil`: it is for HTTP.
  func taker(of session: TLSSession) -> (any StreamTaker)? {
    takers.isEmpty ? nil : session.chosenProtocol.flatMap { takers[$0] }
  }

  /// Undoes an admission.
  func connectionClosed(_ peer: PeerAddress, _ loop: EventLoop) {
    loop.load.subtract(1, ordering: .relaxed)
    admissions.leave(peer)
  }
}
