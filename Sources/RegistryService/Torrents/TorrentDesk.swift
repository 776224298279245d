import RegistryCore

/// Torrents of what is here, for whoever asks: facts that are kept, or made now.
public struct TorrentDesk: Sendable {
  public let rules: TorrentRules
  private let tickets: any Tickets
  private let wishes: any TorrentWishes
  private let content: any Content
  private let names: any Names
  private let facts: any TorrentFacts
  /// Many may ask for one torrent at once: its blob is read once.
  private let gate = KeyedGate<Digest>()

  public init(_ ports: RegistryPorts, facts: any TorrentFacts, rules: TorrentRules) {
    self.rules = rules
    tickets = ports.tickets
    wishes = ports.wishes
    content = ports.content
    names = ports.names
    self.facts = facts
  }

  /// What a repository has under a digest, a linked blob or a present manifest.
  public func part(_ digest: Digest, of repository: RepositoryName) async throws(RegistryError) -> StoredBlob {
    if let size = try await content.linkedSize(of: digest, in: repository) {
      return StoredBlob(digest: digest, size: size)
    }
    guard let manifest = try await names.resolve(.digest(digest), in: repository) else {
      throw RegistryError.noSuchBlob(digest, repository)
    }
    return StoredBlob(digest: digest, size: Int64(manifest.size))
  }

  /// The torrent of what is here. Facts that are not kept are made: at up to a gigabyte a second.
  /// - Parameter patience: how long to wait for that; the work goes on when it is over, for the next to ask.
  public func torrent(
    of blob: StoredBlob, _ version: TorrentVersion, patience: Duration
  ) async throws(RegistryError) -> BlobTorrent {
    guard rules.isEnabled else {
      throw RegistryError(.unsupported, "this node makes no torrents; set torrent.enabled: true")
    }
    guard blob.size > 0 else { throw RegistryError(.blobUnknown, "\(blob.digest) is empty: it has no torrent") }
    if let torrent = try await kept(blob, version) { return torrent }
    return try await within(patience) { () async throws(RegistryError) in
      try await gate.pass(blob.digest) { () async throws(RegistryError) in
        if let torrent = try await kept(blob, version) { return torrent }
        switch version {
        case .v1: return BlobTorrent(try await facts.classicPieces(of: blob))
        case .v2: return BlobTorrent(try await facts.ticket(of: blob))
        }
      }
    }
  }

  /// Whether strangers may have the blob: some public repository has it.
  public func isPublic(_ digest: Digest) async throws(RegistryError) -> Bool {
    guard rules.isEnabled, !rules.publicPatterns.isEmpty else { return false }
    return try await tickets.repositories(holding: digest).contains { rules.isPublic($0) }
  }

  /// What is known of a blob's torrents without reading it.
  public func knowledge(of digest: Digest) async throws(RegistryError) -> BlobTorrentFacts {
    var torrents: [SwarmTorrent] = []
    if let pieces = try await tickets.classicPieces(of: digest) { torrents.append(SwarmTorrent(pieces)) }
    if let ticket = try await tickets.ticket(of: digest) { torrents.append(SwarmTorrent(ticket)) }
    let repositories = try await tickets.repositories(holding: digest)
    return BlobTorrentFacts(
      repositories: repositories, isPublic: repositories.contains { rules.isPublic($0) },
      wish: try await wishes.wish(for: digest), torrents: torrents)
  }

  public func everyWish() async throws(RegistryError) -> [Digest: TorrentWish] { try await wishes.everyWish() }

  private func kept(_ blob: StoredBlob, _ version: TorrentVersion) async throws(RegistryError) -> BlobTorrent? {
    switch version {
    case .v1: try await tickets.classicPieces(of: blob.digest).map { BlobTorrent($0) }
    case .v2: try await tickets.ticket(of: blob.digest).map { BlobTorrent($0) }
    }
  }
}

public struct BlobTorrentFacts: Sendable {
  public let repositories: [RepositoryName]
  public let isPublic: Bool
  public let wish: TorrentWish?
  /// Those whose hashes are kept.
  public let torrents: [SwarmTorrent]
}
