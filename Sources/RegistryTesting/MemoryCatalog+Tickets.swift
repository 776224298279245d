import RegistryCore

extension MemoryCatalog: Tickets {
  public func ticket(of digest: Digest) async throws(RegistryError) -> SwarmTicket? {
    state.withLock { $0.tickets[digest]?.ticket }
  }

  public func classicPieces(of digest: Digest) async throws(RegistryError) -> ClassicPieces? {
    state.withLock { $0.classics[digest]?.pieces }
  }

  public func keep(_ ticket: SwarmTicket, infoHash: InfoHash) async throws(RegistryError) {
    state.withLock { $0.keep(TicketEntry(ticket: ticket, infoHash: infoHash)) }
  }

  public func keep(_ pieces: ClassicPieces, infoHash: InfoHash) async throws(RegistryError) {
    state.withLock { state in
      if state.classics[pieces.digest] == nil { state.classics[pieces.digest] = (pieces, infoHash) }
    }
  }

  public func digest(ofTorrent short: [UInt8]) async throws(RegistryError) -> Digest? {
    state.withLock { state in
      state.tickets.first { $0.value.infoHash.short == short }?.key
        ?? state.classics.first { $0.value.infoHash.short == short }?.key
    }
  }

  public func withoutTicket(after last: Digest?, limit: Int) async throws(RegistryError) -> [StoredBlob] {
    state.withLock { state in
      Self.page(
        state.repositories.values.flatMap(\.readable).filter { state.tickets[$0.digest] == nil }, after: last,
        limit: limit)
    }
  }

  public func withoutClassicPieces(
    in repository: RepositoryName, after last: Digest?, limit: Int
  ) async throws(RegistryError) -> [StoredBlob] {
    state.withLock { state in
      Self.page(
        (state.repositories[repository]?.readable ?? []).filter { state.classics[$0.digest] == nil }, after: last,
        limit: limit)
    }
  }

  public func repositories(holding digest: Digest) async throws(RegistryError) -> [RepositoryName] {
    state.withLock { state in
      state.repositories.filter { $0.value.links[digest] != nil || $0.value.manifests[digest] != nil }
        .map(\.key).sorted()
    }
  }

  private static func page(_ blobs: [StoredBlob], after last: Digest?, limit: Int) -> [StoredBlob] {
    let sizes = Dictionary(blobs.map { ($0.digest, $0.size) }, uniquingKeysWith: max)
    let rest = sizes.filter { digest, _ in last.map { $0 < digest } ?? true }.sorted { $0.key < $1.key }
    return rest.prefix(max(0, limit)).map { StoredBlob(digest: $0.key, size: $0.value) }
  }
}

extension MemoryCatalog: TorrentWishes {
  public func wish(for digest: Digest) async throws(RegistryError) -> TorrentWish? {
    state.withLock { $0.wishes[digest] }
  }

  public func set(_ wish: TorrentWish?, for digest: Digest) async throws(RegistryError) {
    state.withLock { $0.wishes[digest] = wish }
  }

  public func everyWish() async throws(RegistryError) -> [Digest: TorrentWish] {
    state.withLock { $0.wishes }
  }
}

extension MemoryCatalog.State {
  mutating func keep(_ entry: TicketEntry) {
    if tickets[entry.ticket.digest] == nil { tickets[entry.ticket.digest] = entry }
  }
}

extension MemoryCatalog.Repository {
  /// Blobs and manifests that are not empty.
  fileprivate var readable: [StoredBlob] {
    let blobs = links.map { StoredBlob(digest: $0.key, size: $0.value) }
    let named = manifests.map { StoredBlob(digest: $0.key, size: Int64($0.value.facts.size)) }
    return (blobs + named).filter { $0.size > 0 }
  }
}
