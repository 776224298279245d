import BlockingWork
import Configuration
import FleetCore
import FleetHTTP
import FleetService
import OpenSSLKit
import RegistryCore
import RegistryService
import SwarmTunnels
import Telemetry
import Wire

/// The fleet's port of a node. It listens before the node is a member, too, so that the member who lets it in can see that
/// it is reached; then it shows a certificate that the node made itself, which proves no more than its key.
struct FleetListener: Sendable {
  private static let loops = 1
  private static let ownCertificateSeconds: Int64 = 24 * 3600 * 365

  let server: HTTPServer
  let port: NodeFleet.Port

  /// - Throws: also when the port is taken. May block.
  init(_ settings: Settings, _ fleet: NodeFleet, _ registry: Registry, log: Logger) throws {
    let tls = try TLSContext(
      try Self.ownCredentials(fleet.keys, at: fleet.clock.millisecondsSince1970), minimumVersion: .tls13,
      protocols: [SwarmTunnels.protocolName, "http/1.1"])
    let entrance = TunnelEntrance()
    let handler = FleetHandler(
      registry,
      seat: {
        fleet.current.map {
          .init(
            desk: $0.desk, door: $0.door, issuer: $0.issuer, papers: fleet, keeper: $0.keeper,
            isLeaving: { fleet.isLeaving })
        }
      },
      log: log)
    let places = settings.fleet.listen.flatMap { listener in
      listener.addresses.map { HTTPServer.Place.tcp(host: $0, port: listener.port, tls: tls) }
    }
    let server = try HTTPServer(
      configuration: .init(
        listeners: places, loops: Self.loops, limits: WireLimits(settings),
        takers: [SwarmTunnels.protocolName: entrance]), handler: handler)
    self.server = server
    let ports = server.addresses.compactMap { address -> UInt16? in
      guard case .network(_, let port) = address else { return nil }
      return port
    }
    do {
      port = NodeFleet.Port(
        introduction: try FleetDesk.Introduction(settings.fleet, ports: ports),
        show: { try Self.show($0, fleet.keys, tls) },
        hide: {
          try tls.replace(try Self.ownCredentials(fleet.keys, at: fleet.clock.millisecondsSince1970), clients: nil)
        },
        cut: { strangers in
          server.endConnections { client in NodeID(client.identity).map { strangers.contains($0) } ?? true }
          entrance.tunnels?.cut(strangers)
        }, entrance: entrance, streams: server.streams)
    } catch {
      waitFor { await server.stop(within: .zero) }
      throw error
    }
    for address in server.addresses {
      log.info("listening for the fleet", LogField("address", address.description))
    }
  }

  private static func ownCredentials(_ keys: FleetKeys, at now: Int64) throws -> TLSCredentials {
    let own = try CertificateAuthority.make(
      named: keys.node.description, key: keys.nodeKey,
      ValidityPeriod(from: now / 1000, seconds: ownCertificateSeconds))
    return .memory([own.certificate], keys.nodeKey)
  }

  /// The fleet's certificate goes along, for those who have only its fingerprint yet.
  private static func show(_ papers: FleetFiles.Papers, _ keys: FleetKeys, _ tls: TLSContext) throws {
    try tls.replace(
      .memory([papers.certificate, papers.authority], keys.nodeKey), clients: .authority(papers.authority))
  }
}
