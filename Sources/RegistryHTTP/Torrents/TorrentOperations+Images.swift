import FoundationEssentials
import RegistryCore
import RegistryService
import Wire

/// Magnet links and .torrent files of images.
extension TorrentOperations {
  /// What an image is made of, without its torrents.
  func parts(_ query: Query) async throws(RegistryError) -> [TorrentPartDocument] {
    try await ImageParts(registry).list(try query.reference(), in: try query.repository()).map { part in
      TorrentPartDocument(
        digest: part.digest.description, mediaType: part.mediaType, size: part.size, magnet: nil, torrent: nil,
        isPresent: part.isPresent)
    }
  }

  /// A line of JSON for each part: one whose hashes are not there yet takes a while.
  func image(_ query: Query) async throws(RegistryError) -> Response {
    let repository = try query.repository()
    let wish = try wish(query, repository)
    let parts = try await ImageParts(registry).list(try query.reference(), in: repository)
    return .lines(TorrentLines(operations: self, repository: repository, wish: wish, parts: parts[...]))
  }

  /// A .torrent file, for operators of a private blob too: without trackers and web seeds then, so that it says nothing to
  /// anybody about where it is from.
  func file(_ query: Query) async throws(RegistryError) -> Response {
    let (repository, digest) = (try query.repository(), try query.digest())
    let wish = try wish(query, repository)
    let blob = try await desk().part(digest, of: repository)
    let torrent = try await desk().torrent(of: blob, wish.version, patience: Self.patience)
    let isManifest = try await registry.manifests.holds(digest, in: repository)
    let path = isManifest ? PartPath.manifest(digest, repository) : PartPath.blob(digest, repository)
    let base = wish.isPrivate ? nil : wish.base
    let file = TorrentFile(
      torrent, trackers: wish.isPrivate ? [] : files.trackers(base), webSeeds: base.map { ["\($0)\(path)"] } ?? [])
    return Response(status: 200, fields: Fields([("Content-Type", file.mediaType)]), body: .bytes(file.bytes))
  }

  /// What kind of torrents somebody asks for, and in what name.
  struct Wish: Sendable {
    let version: TorrentVersion
    let isPrivate: Bool
    let base: String?
  }

  private func wish(_ query: Query, _ repository: RepositoryName) throws(RegistryError) -> Wish {
    let base = files.address.base(host: query["host"])
    guard query["private"] == nil else { return Wish(version: .v2, isPrivate: true, base: base) }
    guard try desk().isPublic(repository) else {
      throw RegistryError(
        .denied,
        "\(repository) is private: strangers cannot fetch it, so it has no magnet links. To make it public set "
          + "torrent.public: ['\(repository)'] (SHOAL_TORRENT_PUBLIC); for nodes of your own write .torrent files with "
          + "--private --out DIR")
    }
    return Wish(version: query["version"] == "2" ? .v2 : .v1, isPrivate: false, base: base)
  }

  /// `nil` where there is no torrent: the part is not here, or empty.
  fileprivate func document(_ part: ImagePart, _ repository: RepositoryName, _ wish: Wish)
    async throws(RegistryError) -> TorrentPartDocument
  {
    guard part.isPresent, part.size > 0, !wish.isPrivate else { return TorrentPartDocument(part, nil, nil) }
    let blob = StoredBlob(digest: part.digest, size: part.size)
    let torrent = try await desk().torrent(of: blob, wish.version, patience: Self.patience)
    let path =
      part.kind == .manifest ? PartPath.manifest(part.digest, repository) : PartPath.blob(part.digest, repository)
    let seed = wish.base.map { "\($0)\(path)" }
    let link = MagnetLink(
      [torrent.swarm.infoHash], name: part.digest.hex, trackers: files.trackers(wish.base),
      webSeeds: [seed].compactMap(\.self))
    let file = seed ?? path
    return TorrentPartDocument(part, link.description, "\(file)?torrent=\(wish.version.rawValue)")
  }
}

extension TorrentPartDocument {
  fileprivate init(_ part: ImagePart, _ magnet: String?, _ torrent: String?) {
    self.init(
      digest: part.digest.description, mediaType: part.mediaType, size: part.size, magnet: magnet, torrent: torrent,
      isPresent: part.isPresent)
  }
}

/// The parts of an image, one line each, made as they are asked for.
private final class TorrentLines: LineSource, @unchecked Sendable {
  // Unchecked: a response is written by one task, one line after the other.
  private let operations: TorrentOperations
  private let repository: RepositoryName
  private let wish: TorrentOperations.Wish
  private var parts: ArraySlice<ImagePart>

  init(
    operations: TorrentOperations, repository: RepositoryName, wish: TorrentOperations.Wish,
    parts: ArraySlice<ImagePart>
  ) {
    self.operations = operations
    self.repository = repository
    self.wish = wish
    self.parts = parts
  }

  func next() async throws -> TorrentPartDocument? {
    guard let part = parts.popFirst() else { return nil }
    return try await operations.document(part, repository, wish)
  }
}
