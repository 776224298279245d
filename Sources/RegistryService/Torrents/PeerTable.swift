import RegistryCore

/// Who announced himself for which torrent, in memory: what a tracker knows. A value that is told the time; everything in
/// it is bounded by name.
struct PeerTable {
  struct Limits {
    var torrents = 10_000
    var peers = 200_000
    var peersPerTorrent = 2000
    /// Over all torrents. Clients behind one NAT share an address.
    var entriesPerAddress = 2000
    /// A peer that did not come back for so long is gone.
    var expirySeconds: Int64 = 660
  }

  /// What one peer says of itself.
  struct Entry {
    let endpoint: PeerEndpoint
    let isSeed: Bool
  }

  enum Refusal: Error {
    case full
    case tooManyOfAddress
  }

  private struct Peer {
    let endpoint: PeerEndpoint
    var isSeed: Bool
    var expiry: Int64
  }

  private struct Swarm {
    var peers: [Peer] = []
    var places: [PeerEndpoint: Int] = [:]
    var seeds: Int { peers.reduce(0) { $0 + ($1.isSeed ? 1 : 0) } }
  }

  let limits: Limits
  private var swarms: [[UInt8]: Swarm] = [:]
  private var entries: [String: Int] = [:]
  private(set) var peerCount = 0
  private var nextSweep: Int64 = 0

  init(limits: Limits = Limits()) { self.limits = limits }

  var torrentCount: Int { swarms.count }

  /// Seeds and others of a torrent.
  func numbers(of torrent: [UInt8]) -> (seeds: Int, others: Int) {
    guard let swarm = swarms[torrent] else { return (0, 0) }
    let seeds = swarm.seeds
    return (seeds, swarm.peers.count - seeds)
  }

  mutating func remove(_ endpoint: PeerEndpoint, from torrent: [UInt8]) {
    guard let place = swarms[torrent]?.places[endpoint] else { return }
    removePeer(at: place, from: torrent)
  }

  /// - Parameter now: in seconds, of a clock that only rises.
  mutating func enter(_ entry: Entry, into torrent: [UInt8], now: Int64) throws(Refusal) {
    sweepSometimes(now)
    let expiry = now + limits.expirySeconds
    if let place = swarms[torrent]?.places[entry.endpoint] {
      swarms[torrent]?.peers[place].isSeed = entry.isSeed
      swarms[torrent]?.peers[place].expiry = expiry
      return
    }
    guard entries[entry.endpoint.address, default: 0] < limits.entriesPerAddress else { throw .tooManyOfAddress }
    guard peerCount < limits.peers, swarms[torrent] != nil || swarms.count < limits.torrents else { throw .full }
    if let swarm = swarms[torrent], swarm.peers.count >= limits.peersPerTorrent { removeOldest(of: torrent, swarm) }
    swarms[torrent, default: Swarm()].places[entry.endpoint] = swarms[torrent]?.peers.count ?? 0
    swarms[torrent]?.peers.append(Peer(endpoint: entry.endpoint, isSeed: entry.isSeed, expiry: expiry))
    entries[entry.endpoint.address, default: 0] += 1
    peerCount += 1
  }

  /// At most `count` others for this one to try: from a place of the list that `start` picks, so that over many askers
  /// every peer gets its turn. A seed wants no seeds.
  func peers(for entry: Entry, of torrent: [UInt8], count: Int, start: UInt64) -> [PeerEndpoint] {
    guard let peers = swarms[torrent]?.peers, !peers.isEmpty else { return [] }
    var found: [PeerEndpoint] = []
    let first = Int(start % UInt64(peers.count))
    for step in 0..<peers.count where found.count < count {
      let peer = peers[(first + step) % peers.count]
      if peer.endpoint != entry.endpoint, !(peer.isSeed && entry.isSeed) { found.append(peer.endpoint) }
    }
    return found
  }

  // MARK: - Going

  /// A walk over everything, so once in a while; in between the gone are handed out, which costs a peer one vain try.
  private mutating func sweepSometimes(_ now: Int64) {
    guard now >= nextSweep else { return }
    nextSweep = now + max(1, limits.expirySeconds / 8)
    for (torrent, swarm) in swarms {
      for place in swarm.peers.indices.reversed() where swarm.peers[place].expiry <= now {
        removePeer(at: place, from: torrent)
      }
    }
  }

  private mutating func removeOldest(of torrent: [UInt8], _ swarm: Swarm) {
    guard let oldest = swarm.peers.indices.min(by: { swarm.peers[$0].expiry < swarm.peers[$1].expiry }) else { return }
    removePeer(at: oldest, from: torrent)
  }

  /// The last one takes the place.
  private mutating func removePeer(at place: Int, from torrent: [UInt8]) {
    guard var swarm = swarms.removeValue(forKey: torrent) else { return }
    let gone = swarm.peers[place]
    swarm.peers.swapAt(place, swarm.peers.count - 1)
    swarm.peers.removeLast()
    swarm.places[gone.endpoint] = nil
    if place < swarm.peers.count { swarm.places[swarm.peers[place].endpoint] = place }
    if !swarm.peers.isEmpty { swarms[torrent] = swarm }
    let rest = entries[gone.endpoint.address, default: 1] - 1
    entries[gone.endpoint.address] = rest > 0 ? rest : nil
    peerCount -= 1
  }
}
