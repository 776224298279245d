import RegistryCore

/// Makes the catalogue anew from what is on disk: each shelved manifest is read, checked against its digest, linked to
/// the blobs that are here, and published. Tags are in no file; those that the old catalogue can still tell are set
/// again, the others are lost.
public struct NameRestoration: Sendable {
  private let ports: RegistryPorts
  private let isNaming: Bool

  /// - Parameter isNaming: `false`: blobs are linked and nothing is said of any name, as others will tell.
  public init(_ ports: RegistryPorts, isNaming: Bool = true) { (self.ports, self.isNaming) = (ports, isNaming) }

  /// - Parameter tell: hears after each repository how far it is.
  public func run(
    tags: [SalvagedTag], tell: @escaping @Sendable (RestorationReport) -> Void = { _ in }
  ) async throws(RegistryError) -> RestorationReport {
    let tally = RestorationTally()
    try await ports.shelf.everyManifest { repository, manifests throws(RegistryError) in
      for manifest in manifests { try await restore(manifest, to: repository, [], tally) }
      await tally.countRepository()
      tell(await tally.report)
    }
    for tag in tags where isNaming {
      let named = try await ports.names.resolve(.digest(tag.digest), in: tag.repository)
      guard let named else {
        await tally.countLostTag()
        continue
      }
      try await restore(
        ShelvedManifest(digest: named.digest, mediaType: named.mediaType), to: tag.repository, [tag.tag], tally)
    }
    return await tally.report
  }

  private func restore(
    _ manifest: ShelvedManifest, to repository: RepositoryName, _ tags: [Tag], _ tally: RestorationTally
  ) async throws(RegistryError) {
    guard let document = try await read(manifest) else {
      await tally.countUnreadable(manifest.digest, repository)
      return
    }
    var isWhole = true
    for blob in document.blobs {
      if try await ports.blobs.size(of: blob.digest) == blob.size {
        try await ports.content.link(StoredBlob(digest: blob.digest, size: blob.size), to: repository)
      } else {
        isWhole = false
      }
    }
    guard isNaming else {
      return await tally.countRestored(manifest.digest, repository, tags: 0, isWhole: isWhole)
    }
    let publication = Publication(
      repository: repository, digest: manifest.digest, document: document, tags: tags, demands: .nothing)
    switch try await ports.names.publish(publication) {
    case .published: await tally.countRestored(manifest.digest, repository, tags: tags.count, isWhole: isWhole)
    case .missing: await tally.countUnreadable(manifest.digest, repository)
    }
  }

  /// `nil` when the bytes are gone, rotten or no manifest: a rebuild goes on with the others.
  private func read(_ manifest: ShelvedManifest) async throws(RegistryError) -> ManifestDocument? {
    guard let reader = try await ports.blobs.open(manifest.digest) else { return nil }
    let bytes = try await reader.read(from: 0, count: Int(reader.size))
    guard Digest(of: bytes, manifest.digest.algorithm) == manifest.digest else { return nil }
    do throws(RegistryError) {
      return try ManifestDocument(bytes: bytes, contentType: manifest.mediaType)
    } catch {
      return nil
    }
  }
}

public struct RestorationReport: Sendable {
  public var repositories = 0
  public var manifests = 0
  public var tags = 0
  /// Tags whose manifest is not on disk.
  public var lostTags = 0
  /// Manifests that were restored although a blob that they name is not here; a push of it makes them whole.
  public var incomplete: [String] = []
  /// Manifests whose own bytes are gone or rotten.
  public var unreadable: [String] = []
}

/// Counts across the shelf's calls.
private actor RestorationTally {
  var report = RestorationReport()

  func countRepository() { report.repositories += 1 }
  func countLostTag() { report.lostTags += 1 }

  func countRestored(_ digest: Digest, _ repository: RepositoryName, tags: Int, isWhole: Bool) {
    report.tags += tags
    guard tags == 0 else { return }
    report.manifests += 1
    if !isWhole { report.incomplete.append("\(repository)@\(digest)") }
  }

  func countUnreadable(_ digest: Digest, _ repository: RepositoryName) {
    report.unreadable.append("\(repository)@\(digest)")
  }
}
