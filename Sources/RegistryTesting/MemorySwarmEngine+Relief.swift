import RegistryCore

extension MemorySwarmEngine: SwarmRelief {
  public var relief: (any SwarmRelief)? { self }

  public func give(_ content: [UInt8], as piece: Int, to torrent: InfoHash) async throws(RegistryError) {
    let address = address
    await swarm.change { state in state.engines[address]?.torrents[torrent]?.gifts.append((piece, content)) }
  }

  /// Those that say nothing are let go of, whatever the patience: there is no time here.
  public func shed(silentFor patience: Duration, from torrent: InfoHash) async {
    let address = address
    await swarm.change { state in
      let silent = state.engines.filter { $0.value.isSilent }.keys
      state.engines[address]?.torrents[torrent]?.banned.formUnion(silent)
    }
  }

  public func want(_ pieces: Range<Int>, of torrent: InfoHash) async { await hurry(pieces, of: torrent) }
}
