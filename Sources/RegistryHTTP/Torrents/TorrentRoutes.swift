import RegistryCore
import RegistryService
import Wire

/// Torrents of public blobs, and what their ordinary answers say about them.
struct TorrentRoutes: Sendable {
  /// `nil`: this node makes none.
  let desk: TorrentDesk?
  let address: NodeAddress
  let patience: Duration

  init(_ torrents: TorrentServices?) {
    desk = torrents?.desk
    address = torrents?.address ?? NodeAddress()
    patience = torrents?.patience ?? .zero
  }

  /// Whether strangers may have torrents of what the repository holds. On the hot path of every blob.
  func isPublic(_ repository: RepositoryName) -> Bool { desk?.isPublic(repository) ?? false }

  /// - Parameter path: of the part itself: its web seed (BEP 19).
  func respond(
    to request: Request, _ wanted: Representation, of digest: Digest, in repository: RepositoryName, path: String
  ) async throws(RegistryError) -> Response {
    if let refusal = refusal(of: wanted, in: repository) { return refusal }
    guard let desk, case .torrent(let version) = wanted else { preconditionFailure("everything else was refused") }
    let blob = try await desk.part(digest, of: repository)
    guard blob.size > 0 else { return .notAcceptable("\(digest) is empty: it has no torrent") }
    let torrent = try await desk.torrent(of: blob, version, patience: patience)
    let base = address.base(of: request)
    let file = TorrentFile(
      torrent, trackers: trackers(base), webSeeds: base.map { ["\($0)\(path)"] } ?? [])
    let tag = Digest(of: file.bytes).hex
    let fields = Fields([
      ("Content-Type", file.mediaType), ("Vary", "Accept"), ("ETag", "\"\(tag)\""),
      ("Content-Disposition", "attachment; filename=\"\(file.name)\""), ("X-Content-Type-Options", "nosniff"),
    ])
    if request.alreadyHas(tag) { return Response(status: 304, fields: fields) }
    return Response(status: 200, fields: fields, body: .bytes(file.bytes))
  }

  /// Decided before anything is looked up: what a private repository holds changes nothing in this answer.
  func refusal(of wanted: Representation, in repository: RepositoryName) -> Response? {
    guard isPublic(repository) else { return .notAcceptable(Self.advice(desk, repository)) }
    guard case .torrent = wanted else {
      return .notAcceptable("torrents are of version 1 or 2: \(Representation.mediaType);v=1 or ;v=2")
    }
    return nil
  }

  /// This node's own first: it is the one that surely knows the torrent.
  func trackers(_ base: String?) -> [String] {
    guard let rules = desk?.rules else { return [] }
    return (rules.hasTracker ? base.map { ["\($0)/announce"] } ?? [] : []) + rules.trackers
  }

  /// What the ordinary answer of a public part says beside its bytes: where its torrents are (RFC 6249; by plain URLs,
  /// since whoever follows a link sends no `Accept` of ours), and its digest as clients that know no registry read it.
  func describe(_ digest: Digest, _ size: Int64, path: String, in fields: inout Fields) {
    fields.append("Vary", "Accept")
    // What is empty has none.
    for version in TorrentVersion.allCases where size > 0 {
      fields.append(
        "Link",
        "<\(path)?torrent=\(version.rawValue)>; rel=\"describedby\"; type=\"\(Representation.mediaType)\"")
    }
    let hash = Base64.encode(digest.hash)
    let (name, oldName) = digest.algorithm == .sha256 ? ("sha-256", "SHA-256") : ("sha-512", "SHA-512")
    // RFC 9530, and RFC 3230 for those that are older.
    fields.append("Repr-Digest", "\(name)=:\(hash):")
    fields.append("Digest", "\(oldName)=\(hash)")
  }

  private static func advice(_ desk: TorrentDesk?, _ repository: RepositoryName) -> String {
    guard let rules = desk?.rules, rules.isEnabled else { return "this node gives out no torrents (torrent.enabled)" }
    return "\(repository) is private: its torrents go to strangers when a pattern of torrent.public names it"
  }
}

/// A .torrent file with its name.
struct TorrentFile {
  let bytes: [UInt8]
  let name: String
  let mediaType: String

  init(_ torrent: BlobTorrent, trackers: [String], webSeeds: [String]) {
    bytes = torrent.file(trackers: trackers, webSeeds: webSeeds)
    let isFirst = torrent.swarm.infoHash.version == .v1
    name = torrent.swarm.digest.hex + (isFirst ? ".torrent" : ".v2.torrent")
    mediaType = isFirst ? "\(Representation.mediaType)" : "\(Representation.mediaType);v=2"
  }
}

extension Response {
  /// RFC 9110 §15.5.7. The specification has no code of its own for it.
  static func notAcceptable(_ message: String) -> Response {
    var response = Response(RegistryError(.unsupported, message))
    response.status = 406
    response.fields.append("Vary", "Accept")
    return response
  }
}
