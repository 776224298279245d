import BlockingWork
import FleetCore
import FleetService
import RegistryCore
import RegistryService
import SwarmTorrent
import SwarmTunnels
import Telemetry

/// The torrent session of a member and its tunnels to the others.
struct FleetSwarm: Sendable {
  let engine: LibtorrentEngine
  let tunnels: SwarmTunnels
}

/// A member's part in the fleet's swarms: from when it sits down until it gets up.
extension NodeFleet {
  /// On loopback, where other members have addresses beside it (`LoopbackBook`).
  private static let doorstep = "127.77.0.1:0"
  /// For names of members. Never stopped: a look-up may outlast the node's part in the fleet.
  private static let names = BlockingPool(name: "tunnel-names", threads: 2)

  /// A node that cannot is a member all the same: what is wrong is told, and blobs come over the channel.
  func openSwarm(_ port: Port) async {
    guard settings.usesSwarm, let desk = registry?.swarm, let waker = registry?.reception else { return }
    do throws(RegistryError) {
      let engine = try await LibtorrentEngine.open(options, work: work, log: log)
      let tunnels = SwarmTunnels(tunnelFleet, names: Self.names, log: log)
      engine.lead(through: tunnels)
      tunnels.open(port.streams, door: engine, waker: waker)
      swarm.withLock { $0 = FleetSwarm(engine: engine, tunnels: tunnels) }
      port.entrance.lead(to: tunnels)
      registry?.bans.follow { member in
        // Unstructured: whoever tells must not be held up, and it may be the engine's own thread.
        Task { tunnels.hangUp(on: member) }
      }
      try await desk.openFleet(
        FleetSession(engine, way: tunnels) { [weak self] digest, stage in self?.tell(digest, stage) })
    } catch {
      log.warning("blobs come from members one by one, not through swarms", LogField("error", error.description))
      await closeSwarm()
    }
  }

  /// The engine first: what it still dialled could meet a local stranger otherwise. Before the server of the fleet's port
  /// stops. Safe twice.
  func closeSwarm() async {
    guard let closing = swarm.withLock({ $0.take() }) else { return }
    registry?.bans.follow { _ in }
    await registry?.swarm?.closeFleet()
    // Where the desk did not take it.
    await closing.engine.close()
    port?.entrance.lead(to: nil)
    closing.tunnels.close()
  }

  nonisolated private var options: SwarmOptions {
    var options = SwarmOptions(role: .fleet, listen: [Self.doorstep])
    options.expectedOnly = true
    options.connectionsLimit = settings.connections
    options.rates = .init(
      upload: settings.rate.uploadBytes, download: settings.rate.downloadBytes,
      farUpload: settings.rate.siteUploadBytes, farDownload: settings.rate.siteDownloadBytes)
    options.agent = "Shoal/\(shoalVersion)"
    return options
  }

  nonisolated private var tunnelFleet: TunnelFleet {
    let papers = TunnelPapers(keys.nodeKey)
    return TunnelFleet(
      isMember: { [weak self] in self?.current?.desk.current.isMember($0) == true },
      isBanned: { [weak self] in self?.registry?.bans.isBanned($0) == true },
      banned: { [weak self] member, torrent in self?.registry?.noteLiar(member, in: torrent) },
      endpoints: { [weak self] member in
        let card = self?.current?.desk.current.cards[member]
        return card?.draft.addresses.map { PeerEndpoint(address: $0.host, port: $0.port) } ?? []
      },
      isFar: { [weak self] in self?.current?.desk.current.isAtOtherSite($0) == true },
      context: { [weak self] in
        guard let seat = self?.current else { throw NodeFleet.alone }
        return try papers.context(for: seat.papers)
      })
  }

  /// Those who look for the blob find this node; from any thread.
  nonisolated private func tell(_ digest: Digest, _ stage: FetchStage) {
    guard let locate = current?.desk.locate else { return }
    switch stage {
    case .wanted: locate.hold(digest, as: .wanted)
    case .partial: locate.hold(digest, as: .partial)
    case .over:
      locate.letGo(digest)
      // Unstructured: one look into the catalogue, for which nobody waits.
      Task { await self.holdIfHere(digest, locate) }
    }
  }

  /// It may have been pushed while it was fetched.
  nonisolated private func holdIfHere(_ digest: Digest, _ locate: LocateDesk) async {
    do throws(RegistryError) {
      if try await !catalogue.repositories(holding: digest).isEmpty { locate.hold(digest) }
    } catch {
      log.warning(
        "whether a blob is here cannot be read; other members may not find it", LogField("digest", digest.description),
        LogField("error", error.description))
    }
  }
}
