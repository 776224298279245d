import RegistryCore

/// An engine whose peers are the other engines of its `MemorySwarm`.
public final class MemorySwarmEngine: SwarmEngine {
  let swarm: MemorySwarm
  /// Where it is reached while it is open.
  public let address: PeerEndpoint

  init(swarm: MemorySwarm, address: PeerEndpoint) {
    self.swarm = swarm
    self.address = address
  }

  public var endpoint: PeerEndpoint? {
    swarm.state.withLock { $0.engines[address] == nil ? nil : address }
  }

  public func seed(
    _ torrent: SwarmTorrent, from file: BlobFile, observer: @escaping SwarmObserver
  ) async throws(RegistryError) {
    let size = try NamelessFile.size(of: file)
    let bytes = try NamelessFile.read(file, from: 0, count: Int(size))
    let address = address
    try await swarm.change { state -> Result<Void, RegistryError> in
      guard let engine = state.engines[address] else { return .failure(Self.closed) }
      if let failure = engine.seedFailure { return .failure(failure) }
      if engine.torrents[torrent.infoHash] != nil { return .success(()) }
      if state.contents[torrent.infoHash] == nil { state.contents[torrent.infoHash] = bytes }
      state.engines[address]?.torrents[torrent.infoHash] = MemorySwarm.Torrent(
        torrent: torrent, file: file, observer: observer, have: Set(0..<torrent.pieceCount), isSeeding: true,
        isChecked: true)
      return .success(())
    }.get()
  }

  public func fetch(
    _ torrent: SwarmTorrent, into file: BlobFile, from peers: [PeerEndpoint], observer: @escaping SwarmObserver
  ) async throws(RegistryError) {
    let address = address
    try await swarm.change { state -> Result<Void, RegistryError> in
      guard let engine = state.engines[address] else { return .failure(Self.closed) }
      guard engine.torrents[torrent.infoHash] == nil else {
        return .failure(RegistryError(.internal, "a torrent that is live is fetched"))
      }
      state.engines[address]?.torrents[torrent.infoHash] = MemorySwarm.Torrent(
        torrent: torrent, file: file, observer: observer, isSeeding: false, isChecked: false, peers: peers)
      return .success(())
    }.get()
  }

  public func settle(_ torrent: InfoHash, on file: BlobFile) async throws(RegistryError) {
    let address = address
    let isLive = await swarm.change { state in
      state.engines[address]?.torrents[torrent]?.file = file
      return state.engines[address]?.torrents[torrent] != nil
    }
    guard isLive else { throw RegistryError(.internal, "a torrent that is not live is settled") }
  }

  public func introduce(_ peers: [PeerEndpoint], to torrent: InfoHash) async {
    let address = address
    await swarm.change { state in state.engines[address]?.torrents[torrent]?.peers += peers }
  }

  public func hurry(_ pieces: Range<Int>, of torrent: InfoHash) async {
    let address = address
    await swarm.change { state in
      state.engines[address]?.torrents[torrent]?.hurried = Array(pieces)
    }
  }

  public func withdraw(_ torrent: InfoHash) async {
    let address = address
    await swarm.change { state in state.engines[address]?.torrents[torrent] = nil }
  }

  public func live() async -> [LiveTorrent] {
    let address = address
    return await swarm.change { state in
      (state.engines[address]?.torrents ?? [:]).values.map { Self.numbers(of: $0, at: address, state) }
    }
  }

  public func close() async {
    let address = address
    await swarm.change { state in state.engines[address] = nil }
  }

  private static func numbers(
    of live: MemorySwarm.Torrent, at address: PeerEndpoint, _ state: MemorySwarm.State
  ) -> LiveTorrent {
    let infoHash = live.torrent.infoHash
    // Whoever knows the other's address is connected to it.
    let connected = state.engines.filter { endpoint, engine in
      guard endpoint != address, let other = engine.torrents[infoHash] else { return false }
      return live.peers.contains(endpoint) || other.peers.contains(address)
    }
    let last = live.have.contains(live.torrent.pieceCount - 1)
    let short = Int64(live.torrent.pieceCount) * Int64(live.torrent.pieceBytes) - live.torrent.size
    return LiveTorrent(
      digest: live.torrent.digest, infoHash: infoHash, size: live.torrent.size, isSeeding: live.isSeeding,
      verifiedBytes: Int64(live.have.count * live.torrent.pieceBytes) - (last ? short : 0), peers: connected.count,
      seeds: connected.count { $0.value.torrents[infoHash]?.isSeeding == true }, downloadBytesPerSecond: 0,
      uploadBytesPerSecond: 0, downloadedBytes: live.downloaded, uploadedBytes: live.uploaded,
      wastedBytes: live.wasted)
  }

  private static let closed = RegistryError(.unavailable, "this session has ended")
}

// What a test does to it.
extension MemorySwarmEngine {
  /// Sends other bytes than it has.
  public func sendRubbish() async {
    let address = address
    await swarm.change { $0.engines[address]?.sendsRubbish = true }
  }

  /// Goes on to say that it has everything, and sends nothing; or sends again.
  public func fallSilent(_ isSilent: Bool = true) async {
    let address = address
    await swarm.change { $0.engines[address]?.isSilent = isSilent }
  }

  /// From now on seeding is refused so; `nil`: it works again.
  public func failSeeds(with failure: RegistryError?) async {
    let address = address
    await swarm.change { $0.engines[address]?.seedFailure = failure }
  }

  /// The next piece that arrives ends its fetch so.
  public func failFetches(with failure: RegistryError?) async {
    let address = address
    await swarm.change { $0.engines[address]?.fetchFailure = failure }
  }

  /// The engine finds fault with a torrent's file, and stops it.
  public func findRotten(_ torrent: InfoHash, reason: String) async {
    let address = address
    let observer = await swarm.change { state in
      state.engines[address]?.torrents.removeValue(forKey: torrent)?.observer
    }
    observer?(.rotten(reason: reason))
  }
}
