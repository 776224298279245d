import RegistryCore

/// A catalogue, and how another node's claims come to it.
public struct HearingCatalog: Sendable {
  let catalog: any CatalogPorts
  /// Takes a statement of another node in, later than all before it.
  let hear: @Sendable (Claim.Statement) async throws -> Void

  public init(
    _ catalog: any CatalogPorts, hear: @escaping @Sendable (Claim.Statement) async throws -> Void
  ) {
    (self.catalog, self.hear) = (catalog, hear)
  }

  func hear(of manifest: ManifestFixture, in repository: RepositoryName) async throws {
    try await hear(.manifest(repository, manifest.digest, .present(manifest.document.facts)))
  }
}

/// What every implementation of `UnreadManifests` does.
public enum UnreadManifestsContract {
  public static let clauses = [
    StoreClause<HearingCatalog>("whatOthersClaimIsListedInTheOrderInWhichItWasHeard") { subject in
      let (here, there) = (try Sample.repository(), try Sample.repository("other"))
      let images = try (1...4).map { try Sample.image($0) }
      for (image, repository) in zip(images, [here, there, here, there]) {
        try await subject.hear(of: image, in: repository)
      }
      let all = try await subject.catalog.unread(after: 0, limit: 10)
      try StoreViolation.unlessEqual(all.map(\.digest), images.map(\.digest), "all of them")
      try StoreViolation.unlessEqual(all.map(\.repository), [here, there, here, there], "their repositories")
      try StoreViolation.unlessEqual(all.map(\.position), all.map(\.position).sorted(), "positions rise")
      let page = try await subject.catalog.unread(after: all[0].position, limit: 2)
      try StoreViolation.unlessEqual(page, Array(all[1...2]), "a page")
      let latest = try await subject.catalog.unread(in: here, limit: 1)
      try StoreViolation.unlessEqual(latest, [all[2]], "the latest of one repository")
      try StoreViolation.unlessEqual(
        try await subject.catalog.unread(in: try Sample.repository("none"), limit: 9), [], "of no repository")
    },
    StoreClause<HearingCatalog>("whatIsReadIsInNoList") { subject in
      let repository = try Sample.repository()
      let (own, heard) = (try await Sample.push(1, to: repository, of: subject.catalog), try Sample.image(2))
      try await subject.hear(of: heard, in: repository)
      try StoreViolation.unlessEqual(
        try await subject.catalog.unread(after: 0, limit: 9).map(\.digest), [heard.digest], "not this node's own")
      try StoreViolation.unless(own.digest != heard.digest, "two manifests")
      _ = try await subject.catalog.document(heard.digest, as: heard.document, in: repository)
      try StoreViolation.unlessEqual(try await subject.catalog.unread(after: 0, limit: 9), [], "read")
      try StoreViolation.unlessEqual(try await subject.catalog.unread(in: repository, limit: 9), [], "read")
    },
    StoreClause<HearingCatalog>("whatWentIsInNoListAndWhatComesAgainIs") { subject in
      let (repository, image) = (try Sample.repository(), try Sample.image(1))
      try await subject.hear(of: image, in: repository)
      try await subject.hear(.manifest(repository, image.digest, .gone))
      try StoreViolation.unlessEqual(try await subject.catalog.unread(after: 0, limit: 9), [], "gone")
      try StoreViolation.unlessEqual(try await subject.catalog.unread(in: repository, limit: 9), [], "gone")
      try await subject.hear(of: image, in: repository)
      try StoreViolation.unlessEqual(
        try await subject.catalog.unread(in: repository, limit: 9).map(\.digest), [image.digest], "again")
    },
  ]
}
