import BlockingWork
import OpenSSLKit
import SwarmTunnels

/// What this node shows where it opens tunnels: made once for each certificate that it has had.
final class TunnelPapers: Sendable {
  private struct Made: Sendable {
    let certificate: Certificate
    let context: TLSClientContext
  }

  private let key: Ed25519Key
  private let made = Lock<Made?>(nil)

  init(_ key: Ed25519Key) { self.key = key }

  func context(for papers: FleetFiles.Papers) throws -> TLSClientContext {
    if let made = made.withLock({ $0 }), made.certificate.der == papers.certificate.der { return made.context }
    let context = try TLSClientContext(
      .memory([papers.certificate], key), trust: .authority(papers.authority),
      protocols: [SwarmTunnels.protocolName])
    made.withLock { $0 = Made(certificate: papers.certificate, context: context) }
    return context
  }
}
