import BlockingWork
import Glibc
import OpenSSLKit
import RegistryCore
import SwarmTunnels
import Telemetry
import Wire

/// An authority, whom it has certified, and who of them is a member.
final class TestFleet: Sendable {
  struct Papers: Sendable {
    let key: Ed25519Key
    let certificate: Certificate
    let authority: Certificate
    var node: NodeID { NodeID(certificate.key.identity)! }
  }

  private struct State {
    var members: Set<NodeID> = []
    var places: [NodeID: [PeerEndpoint]] = [:]
    var far: Set<NodeID> = []
  }

  let authority: CertificateAuthority
  private let state = Lock(State())

  init() throws {
    authority = try CertificateAuthority.make(
      named: "authority", key: Ed25519Key(), ValidityPeriod(from: Int64(time(nil)), seconds: 86_400))
  }

  func certify(_ name: String) throws -> Papers {
    let key = Ed25519Key()
    let certificate = try authority.issue(
      CertificateSubject(commonName: name), publicKey: key.publicBytes,
      ValidityPeriod(from: Int64(time(nil)), seconds: 3_600))
    return Papers(key: key, certificate: certificate, authority: authority.certificate)
  }

  func add(_ member: NodeID, at places: [PeerEndpoint]) {
    state.withLock { state in
      state.members.insert(member)
      state.places[member] = places
    }
  }

  func remove(_ member: NodeID) { state.withLock { _ = $0.members.remove(member) } }

  func isMember(_ member: NodeID) -> Bool { state.withLock { $0.members.contains(member) } }

  /// To everybody else.
  func isFar(_ member: NodeID) -> Bool { state.withLock { $0.far.contains(member) } }

  func move(_ member: NodeID, isFar: Bool) {
    state.withLock { state in if isFar { state.far.insert(member) } else { state.far.remove(member) } }
  }

  func places(of member: NodeID) -> [PeerEndpoint] { state.withLock { $0.places[member] ?? [] } }

  static func context(_ papers: Papers, protocols: [String] = [SwarmTunnels.protocolName]) throws -> TLSClientContext {
    try TLSClientContext(
      .memory([papers.certificate], papers.key), trust: .authority(papers.authority), protocols: protocols)
  }
}

extension TunnelLimits {
  /// For a machine that may stand still for seconds: what a test is not about does not end.
  static var patient: TunnelLimits {
    var limits = TunnelLimits()
    limits.dialDeadline = .seconds(60)
    limits.answerDeadline = .seconds(60)
    limits.halfOpenDeadline = .seconds(60)
    return limits
  }
}

/// One node: a fleet port, tunnels, and an engine's doors.
final class TunnelNode: Sendable {
  let papers: TestFleet.Papers
  let server: HTTPServer
  let tunnels: SwarmTunnels
  let engine: FakeEngine
  /// Members that sent it wrong bytes.
  let bans: Lock<Set<NodeID>>
  private let names = BlockingPool(name: "names", threads: 1)

  var node: NodeID { papers.node }
  var place: PeerAddress { server.addresses[0] }

  init(_ fleet: TestFleet, _ name: String, limits: TunnelLimits) throws {
    let papers = try fleet.certify(name)
    let bans = Lock<Set<NodeID>>([])
    self.bans = bans
    tunnels = SwarmTunnels(
      TunnelFleet(
        isMember: { fleet.isMember($0) }, isBanned: { member in bans.withLock { $0.contains(member) } },
        banned: { member, _ in bans.withLock { _ = $0.insert(member) } }, endpoints: { fleet.places(of: $0) },
        isFar: { fleet.isFar($0) }, context: { try TestFleet.context(papers) }
      ), limits: limits, names: names, log: Logger(level: .error, sink: SilentSink()))
    let tls = try TLSContext(
      .memory([papers.certificate, papers.authority], papers.key), clients: .authority(papers.authority),
      minimumVersion: .tls13, protocols: ["http/1.1", SwarmTunnels.protocolName])
    server = try HTTPServer(
      configuration: .init(
        listeners: [.tcp(host: "127.0.0.1", port: 0, tls: tls)], loops: 1, diskThreads: 1,
        takers: [SwarmTunnels.protocolName: tunnels]), handler: NoHandler())
    engine = try FakeEngine()
    self.papers = papers
    guard case .network(let address, let port) = server.addresses[0] else { throw FakeEngine.Failure(code: EINVAL) }
    fleet.add(papers.node, at: [PeerEndpoint(address: address, port: port)])
    tunnels.open(server.streams, door: engine, waker: engine)
  }

  func close() async {
    engine.close()
    tunnels.close()
    await server.stop(within: .zero)
    names.stop()
  }
}

private struct NoHandler: Handler {
  func respond(to request: Request, body: any RequestBody) async -> Response { Response(status: 404) }

  func finished(_ request: Request, _ outcome: Exchange) async {}
}

private struct SilentSink: LogSink {
  func write(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {}
}
