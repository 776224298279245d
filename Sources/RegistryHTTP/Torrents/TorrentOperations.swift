import RegistryCore
import RegistryService
import Wire

/// The part of the operator API that is about torrents: what `shoal magnet`, `torrent`, `blob fetch` and `status` ask.
struct TorrentOperations: Sendable {
  let registry: Registry
  let node: NodeDocument
  /// `nil`: this node has none.
  let torrents: TorrentServices?
  let files: TorrentRoutes
  /// `nil`: this node is in none and joins none.
  let fleet: (any FleetOperations)?

  /// An operator waits longer than a client: a blob of a hundred gigabytes is hashed in some minutes.
  static let patience = Duration.seconds(1800)

  /// `nil`: no such path.
  func respond(to request: Request, _ body: any RequestBody, _ path: String, _ query: Query)
    async throws(RegistryError) -> Response?
  {
    switch (request.method, path) {
    case (.get, "status"): .json(await status())
    case (.get, "torrents"): .json(try await list())
    case (.get, "torrents/parts"): .json(try await parts(query))
    case (.get, "torrents/image"): try await image(query)
    case (.get, "torrents/file"): try await file(query)
    case (.get, "torrents/show"): .json(try await show(try query.digest()))
    case (.post, "torrents/start"): try await start(try query.digest())
    case (.post, "torrents/stop"): try await stop(try query.digest())
    case (.post, "torrents/rest"): try await rest(try query.digest())
    case (.post, "torrents/verify"):
      .lines(TorrentVerificationLines(try await desk().verification(of: try query.digest())))
    case (.post, "blobs/fetch"): try await fetch(query, body)
    case (.get, "blobs/fetch"): .json(try await progress(of: try query.digest()))
    case (.delete, "blobs/fetch"): try await cancelFetch(try query.digest())
    default: nil
    }
  }

  func desk() throws(RegistryError) -> TorrentDesk {
    guard let desk = torrents?.desk, desk.rules.isEnabled else {
      throw RegistryError(.unsupported, "this node makes no torrents; set torrent.enabled: true")
    }
    return desk
  }

  func swarm() throws(RegistryError) -> any SwarmOperations {
    guard let swarm = torrents?.swarm else {
      throw RegistryError(
        .unavailable,
        torrents?.desk.rules.isEnabled == false
          ? "this node moves no torrents; set torrent.enabled: true"
          : "torrents move while the node runs; start it with: shoal serve")
    }
    return swarm
  }

  // MARK: - Status

  private func status() async -> StatusDocument {
    let hashing = await torrents?.hashing?()
    return StatusDocument(
      node: node, publicPatterns: torrents?.desk.rules.publicPatterns.patterns ?? [],
      makesTorrents: torrents?.desk.rules.isEnabled ?? false, hasSwarm: torrents?.swarm != nil,
      publicTrouble: torrents?.swarm?.publicTrouble?.message, uploads: registry.uploads.count,
      hashing: hashing.map { HashingDocument($0) },
      live: await (torrents?.swarm?.live() ?? []).map { LiveTorrentDocument($0) },
      fetches: await (torrents?.swarm?.fetches() ?? []).map(FetchDocument.init),
      fleet: await fleetSummary())
  }

  /// `nil`: the node is alone.
  private func fleetSummary() async -> FleetSummaryDocument? {
    guard let fleet else { return nil }
    // A node that is alone says so by an error, which is nothing to report here.
    return (try? await fleet.fleet()).map(FleetSummaryDocument.init)
  }

  // MARK: - Single torrents

  private func list() async throws(RegistryError) -> [BlobTorrentsDocument] {
    let live = await torrents?.swarm?.live() ?? []
    let wishes = try await desk().everyWish()
    let digests = Set(live.map(\.digest)).union(wishes.keys)
    var documents: [BlobTorrentsDocument] = []
    for digest in digests.sorted() {
      let own = live.filter { $0.digest == digest }.map { LiveTorrentDocument($0) }
      if let document = try await document(digest, own) { documents.append(document) }
    }
    return documents
  }

  private func show(_ digest: Digest) async throws(RegistryError) -> BlobTorrentsDocument {
    guard let document = try await document(digest, await liveWithPeers(digest)) else {
      throw RegistryError(.blobUnknown, "no repository holds \(digest)")
    }
    return document
  }

  private func liveWithPeers(_ digest: Digest) async -> [LiveTorrentDocument] {
    guard let swarm = torrents?.swarm else { return [] }
    var (documents, names): ([LiveTorrentDocument], [String: String]?) = ([], nil)
    for torrent in await swarm.live() where torrent.digest == digest {
      let peers = await swarm.peers(of: torrent)
      if names == nil, peers.contains(where: { $0.member != nil }) { names = await memberNames() }
      documents.append(LiveTorrentDocument(torrent, peers.map { TorrentPeerDocument($0, names: names ?? [:]) }))
    }
    return documents
  }

  private func memberNames() async -> [String: String] {
    // A node that is alone says so by an error: then nobody has a name.
    let members = (try? await fleet?.fleet())?.members ?? []
    return Dictionary(members.map { ($0.node, $0.name) }) { first, _ in first }
  }

  /// `nil`: the blob is neither here nor on its way.
  private func document(
    _ digest: Digest, _ live: [LiveTorrentDocument]
  ) async throws(RegistryError) -> BlobTorrentsDocument? {
    let facts = try await desk().knowledge(of: digest)
    guard !facts.repositories.isEmpty || !live.isEmpty || facts.wish != nil else { return nil }
    let size = facts.torrents.first?.size ?? live.first?.size ?? 0
    return BlobTorrentsDocument(
      digest: digest.description, size: size, repositories: facts.repositories.map(\.text), isPublic: facts.isPublic,
      wish: facts.wish?.rawValue, torrents: facts.torrents.map(TorrentVersionDocument.init), live: live)
  }

  private func start(_ digest: Digest) async throws(RegistryError) -> Response {
    try await swarm().start(digest)
    return Response(status: 204)
  }

  private func stop(_ digest: Digest) async throws(RegistryError) -> Response {
    try await swarm().stop(digest)
    return Response(status: 204)
  }

  private func rest(_ digest: Digest) async throws(RegistryError) -> Response {
    try await swarm().rest(digest)
    return Response(status: 204)
  }
}

extension TorrentVersionDocument {
  init(_ torrent: SwarmTorrent) {
    version = torrent.infoHash.version.rawValue
    infoHash = Hex.encode(torrent.infoHash.bytes)
    pieceBytes = torrent.pieceBytes
    pieces = torrent.pieceCount
  }
}

extension Query {
  func digest() throws(RegistryError) -> Digest { try Digest(parsing: self["digest"] ?? "") }

  func repository() throws(RegistryError) -> RepositoryName {
    try RepositoryName(parsing: self["repository"] ?? "")
  }

  func reference() throws(RegistryError) -> Reference { try Reference(parsing: self["reference"] ?? "") }

  func tag() throws(RegistryError) -> Tag { try Tag(parsing: self["tag"] ?? "") }
}
