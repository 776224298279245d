import RegistryCore

extension SQLiteCatalog: Tickets {
  public func ticket(of digest: Digest) async throws(RegistryError) -> SwarmTicket? {
    try await readers.read { connection throws(RegistryError) in try connection.ticket(of: digest) }
  }

  public func classicPieces(of digest: Digest) async throws(RegistryError) -> ClassicPieces? {
    try await readers.read { connection throws(RegistryError) in try connection.classicPieces(of: digest) }
  }

  public func keep(_ ticket: SwarmTicket, infoHash: InfoHash) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in try transaction.keep(ticket, infoHash: infoHash) }
  }

  public func keep(_ pieces: ClassicPieces, infoHash: InfoHash) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in try transaction.keep(pieces, infoHash: infoHash) }
  }

  public func digest(ofTorrent short: [UInt8]) async throws(RegistryError) -> Digest? {
    try await readers.read { connection throws(RegistryError) in try connection.digest(ofTorrent: short) }
  }

  public func withoutTicket(after last: Digest?, limit: Int) async throws(RegistryError) -> [StoredBlob] {
    try await readers.read { connection throws(RegistryError) in
      try connection.withoutTicket(after: last, limit: limit)
    }
  }

  public func withoutClassicPieces(
    in repository: RepositoryName, after last: Digest?, limit: Int
  ) async throws(RegistryError) -> [StoredBlob] {
    try await readers.read { connection throws(RegistryError) in
      try connection.withoutClassicPieces(in: repository, after: last, limit: limit)
    }
  }

  public func repositories(holding digest: Digest) async throws(RegistryError) -> [RepositoryName] {
    try await readers.read { connection throws(RegistryError) in try connection.repositories(holding: digest) }
  }
}

extension SQLiteCatalog: TorrentWishes {
  public func wish(for digest: Digest) async throws(RegistryError) -> TorrentWish? {
    try await readers.read { connection throws(RegistryError) in try connection.wish(for: digest) }
  }

  public func set(_ wish: TorrentWish?, for digest: Digest) async throws(RegistryError) {
    try await commits.write { transaction throws(RegistryError) in try transaction.set(wish, for: digest) }
  }

  public func everyWish() async throws(RegistryError) -> [Digest: TorrentWish] {
    try await readers.read { connection throws(RegistryError) in try connection.everyWish() }
  }
}
