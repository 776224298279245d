import Glibc
import RegistryCore

/// Which repository holds which manifest, as one small file each.
public struct DiskManifestShelf: ManifestShelf {
  let files: any FileSystem
  let layout: DiskLayout
  let folders: DurableFolders
  let temporaries: TemporaryFiles
  let threads: DiskThreads

  /// Two names of at most 127 bytes each, the slash and the newline.
  private static let contentByteLimit = 256

  public func shelve(_ digest: Digest, as mediaType: MediaType, in repository: RepositoryName)
    async throws(RegistryError)
  {
    try await threads.write { () throws(FileFailure) in
      let path = layout.manifest(digest, of: repository)
      try folders.ensure(path.parentFolder)
      if try self.mediaType(at: path) == mediaType {
        // As with blobs: what is there need not be durable yet.
        try files.syncFolder(path.parentFolder)
      } else {
        try temporaries.place(Array((mediaType.text + "\n").utf8), at: path, readOnly: false)
      }
    }
  }

  public func unshelve(_ digest: Digest, from repository: RepositoryName) async throws(RegistryError) {
    try await threads.write { () throws(FileFailure) in
      let path = layout.manifest(digest, of: repository)
      // Gone already, perhaps a moment before a kill: synced all the same. No folder, nothing to sync.
      try present { () throws(FileFailure) in try files.unlink(path) }
      try present { () throws(FileFailure) in try files.syncFolder(path.parentFolder) }
    }
  }

  /// Walks the folders one at a time: memory holds the names of the repositories on the way and one's manifests.
  public func everyManifest(
    _ body: @Sendable (RepositoryName, [ShelvedManifest]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    var prefixes = [""]
    while let prefix = prefixes.popLast() {
      let found = try await threads.read { () throws(FileFailure) in try look(under: prefix) }
      prefixes += found.prefixes
      if let repository = found.repository, !found.manifests.isEmpty { try await body(repository, found.manifests) }
    }
  }

  private struct Found: Sendable {
    var repository: RepositoryName?
    var manifests: [ShelvedManifest] = []
    /// Repositories that may lie below, last one first.
    var prefixes: [String] = []
  }

  private func look(under prefix: String) throws(FileFailure) -> Found {
    var found = Found()
    let folder = layout.repositoryFolder(prefix)
    for name in try (present { () throws(FileFailure) in try files.names(in: folder) } ?? []).sorted(by: >) {
      if name == DiskLayout.manifestsComponent {
        guard let repository = try? RepositoryName(parsing: prefix) else { continue }
        found.repository = repository
        found.manifests = try manifests(of: repository)
      } else if (try? RepositoryName(parsing: name)) != nil {
        found.prefixes.append(prefix.isEmpty ? name : "\(prefix)/\(name)")
      }
    }
    return found
  }

  private func manifests(of repository: RepositoryName) throws(FileFailure) -> [ShelvedManifest] {
    var manifests: [ShelvedManifest] = []
    for algorithm in Digest.Algorithm.allCases {
      let folder = layout.manifestFolder(of: repository, algorithm)
      for hex in try (present { () throws(FileFailure) in try files.names(in: folder) } ?? []).sorted() {
        guard let digest = try? Digest(parsing: "\(algorithm.rawValue):\(hex)"),
          let mediaType = try mediaType(at: layout.manifest(digest, of: repository))
        else { continue }
        manifests.append(ShelvedManifest(digest: digest, mediaType: mediaType))
      }
    }
    return manifests
  }

  /// `nil` when there is no such file or it does not hold a media type: then it is written again, or left out.
  private func mediaType(at path: String) throws(FileFailure) -> MediaType? {
    guard let file = try present({ () throws(FileFailure) in try files.open(path, .read) }) else { return nil }
    let content = try file.bytes(at: 0, atMost: Self.contentByteLimit)
    guard content.last == UInt8(ascii: "\n") else { return nil }
    return MediaType(parsing: String(decoding: content.dropLast(), as: UTF8.self))
  }
}
