import BlockingWork
import RegistryCore

/// A way that notes what it is told.
final class NotedWay: SwarmWay {
  struct Dial: Hashable, Sendable {
    let near: PeerEndpoint
    let far: PeerEndpoint
    let torrent: InfoHash
  }

  struct Ban: Hashable, Sendable {
    let address: String
    let torrent: InfoHash
  }

  let bans = Lock<[Ban]>([])
  let banned = TestSignal("a word of who was banned")
  let dials = Lock<[Dial]>([])
  let dialled = TestSignal("a word of what was dialled")

  func endpoint(of member: NodeID) async throws(RegistryError) -> PeerEndpoint {
    throw RegistryError(.unavailable, "nobody asks here")
  }

  func dialled(from local: PeerEndpoint, to remote: PeerEndpoint, for torrent: InfoHash) {
    dials.withLock { $0.append(Dial(near: local, far: remote, torrent: torrent)) }
    dialled.raise()
  }

  func member(at address: String) -> NodeID? { nil }

  func banned(_ address: String, from torrent: InfoHash) {
    bans.withLock { $0.append(Ban(address: address, torrent: torrent)) }
    banned.raise()
  }
}
