import RegistryCore

/// Torrents of what is here, for whoever asks: facts that are kept, or made now.
public struct TorrentDesk: Sendable {
  public let rules: TorrentRules
  private let publicRepositories: PublicRepositories
  private let known: any Tickets
  private let tickets: TicketDesk
  private let wishes: any TorrentWishes
  private let content: any Content
  private let names: any Names
  private let reread: @Sendable (StoredBlob) -> TorrentVerification

  public init(_ ports: RegistryPorts, _ registry: Registry, rules: TorrentRules) {
    self.rules = rules
    publicRepositories = PublicRepositories(rules)
    tickets = registry.tickets
    reread = { [quarantine = registry.quarantine] in TorrentVerification($0, ports, quarantine) }
    known = ports.tickets
    wishes = ports.wishes
    content = ports.content
    names = ports.names
  }

  /// Whether strangers may have torrents of what the repository holds. On the hot path of every blob; where nothing is
  /// public it costs a comparison.
  public func isPublic(_ repository: RepositoryName) -> Bool { publicRepositories.contains(repository) }

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
    let torrent: BlobTorrent? =
      switch version {
      case .v1: try await tickets.classicPieces(for: blob.digest, within: patience).map(BlobTorrent.init)
      case .v2: try await tickets.ticket(for: blob.digest, within: patience).map(BlobTorrent.init)
      }
    guard let torrent else {
      throw RegistryError(.blobUnknown, "the bytes of \(blob.digest) are not here; push them again")
    }
    return torrent
  }

  /// Whether strangers may have the blob: some public repository has it.
  public func isPublic(_ digest: Digest) async throws(RegistryError) -> Bool {
    guard !publicRepositories.isEmpty else { return false }
    return try await known.repositories(holding: digest).contains { isPublic($0) }
  }

  /// `blobUnknown` when no repository holds it.
  public func verification(of digest: Digest) async throws(RegistryError) -> TorrentVerification {
    guard let repository = try await known.repositories(holding: digest).first else {
      throw RegistryError(.blobUnknown, "no repository holds \(digest)")
    }
    return reread(try await part(digest, of: repository))
  }

  /// What is known of a blob's torrents without reading it.
  public func knowledge(of digest: Digest) async throws(RegistryError) -> BlobTorrentFacts {
    var torrents: [SwarmTorrent] = []
    if let pieces = try await known.classicPieces(of: digest) { torrents.append(SwarmTorrent(pieces)) }
    if let ticket = try await known.ticket(of: digest) { torrents.append(SwarmTorrent(ticket)) }
    let repositories = try await known.repositories(holding: digest)
    return BlobTorrentFacts(
      repositories: repositories, isPublic: repositories.contains { isPublic($0) },
      wish: try await wishes.wish(for: digest), torrents: torrents)
  }

  public func everyWish() async throws(RegistryError) -> [Digest: TorrentWish] { try await wishes.everyWish() }
}

public struct BlobTorrentFacts: Sendable {
  public let repositories: [RepositoryName]
  public let isPublic: Bool
  public let wish: TorrentWish?
  /// Those whose hashes are kept.
  public let torrents: [SwarmTorrent]
}
