import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

/// Manifests that are present by a claim of another node: their bytes, annotations and needs are not here.
@Suite struct ForeignManifestTests {
  let name: RepositoryName
  let latest: RegistryCore.Tag
  let config = StoredBlob.holding("config")
  let subject = Digest.of("subject")
  let image: ManifestFixture

  init() throws {
    name = try RepositoryName(parsing: "team/app")
    latest = try Tag(parsing: "latest")
    image = try ManifestFixture.image(
      config: config, subject: .init(digest: subject, size: 9, mediaType: "application/x"), annotations: ["a": "b"])
  }

  private func statement(_ facts: ManifestFacts? = nil) -> Claim.Statement {
    .manifest(name, image.digest, .present(facts ?? image.document.facts))
  }

  /// A catalogue that has taken in the image and its tag.
  private func withForeignImage(
    trace: SQLTrace? = nil, _ body: (SQLiteCatalog, inout Scribe) async throws -> Void
  ) async throws {
    try await withCatalog(clock: HeldClock(milliseconds: 10_000), trace: trace) { catalog in
      var scribe = Scribe(9)
      scribe.say(statement(), at: HybridTime(milliseconds: 1_000))
      scribe.say(.tag(name, latest, image.digest), at: HybridTime(milliseconds: 1_001))
      _ = try await catalog.admit(try #require(scribe.run()))
      try await body(catalog, &scribe)
    }
  }

  private func publication(_ demands: Publication.Demand = .nothing) -> Publication {
    Publication(
      repository: name, digest: image.digest, document: image.document, tags: [latest], demands: demands)
  }

  @Test func itIsListedWithWhatItsClaimSays() async throws {
    try await withForeignImage { catalog, _ in
      let stored = try #require(try await catalog.resolve(.tag(latest), in: name))
      #expect(stored.bytes == nil && stored.size == image.document.bytes.count)
      #expect(try await catalog.repositories(after: nil, limit: 9).elements == [name])
      #expect(try await catalog.tags(of: name, after: nil, limit: 9)?.elements == [latest])
      #expect(try await catalog.manifests(of: name).map(\.facts) == [image.document.facts])
      let referrers = try await catalog.referrers(of: subject, in: name, artifactType: nil)
      #expect(referrers.map(\.digest) == [image.digest] && referrers[0].annotations.isEmpty)
    }
  }

  @Test func itsBytesAreNotHereToBeHashed() async throws {
    try await withForeignImage { (catalog, _) async throws in
      #expect(try await catalog.withoutTicket(after: nil, limit: 9).isEmpty)
      #expect(try await catalog.withoutClassicPieces(in: name, after: nil, limit: 9).isEmpty)
      #expect(try await catalog.document(image.digest, as: image.document, in: name))
      #expect(try await catalog.withoutTicket(after: nil, limit: 9).map(\.digest) == [image.digest])
      #expect(try await catalog.withoutClassicPieces(in: name, after: nil, limit: 9).map(\.digest) == [image.digest])
    }
  }

  @Test(arguments: [false, true]) func itsDocumentIsKeptWithoutAClaim(_ isPushed: Bool) async throws {
    try await withForeignImage { catalog, _ in
      // Kept in memory without its bytes.
      #expect(try await catalog.resolve(.tag(latest), in: name)?.bytes == nil)
      try await catalog.link(config, to: name)
      #expect(try await catalog.unlink(config.digest, from: name, refusingNeeded: true) == .unlinked, "needs unknown")
      try await catalog.link(config, to: name)
      if isPushed {
        #expect(try await catalog.publish(publication(.everything)) == .published)
      } else {
        #expect(try await catalog.document(image.digest, as: image.document, in: name))
      }
      #expect(try await catalog.resolve(.tag(latest), in: name)?.bytes == image.document.bytes)
      #expect(try await catalog.referrers(of: subject, in: name, artifactType: nil).map(\.annotations) == [["a": "b"]])
      let needed = try await catalog.unlink(config.digest, from: name, refusingNeeded: true)
      #expect(needed == .needed(by: image.digest))
      #expect(try await catalog.heads().keys.map(\.node) == [.test(9)], "no claim of this node's")
    }
  }

  @Test func whatWasRemovedMeanwhileIsNotBroughtBackByItsDocument() async throws {
    try await withForeignImage { catalog, scribe in
      scribe.say(.manifest(name, image.digest, .gone), at: HybridTime(milliseconds: 1_002))
      _ = try await catalog.admit(try #require(scribe.run(after: 2)))
      #expect(try await !catalog.document(image.digest, as: image.document, in: name))
      #expect(try await catalog.resolve(.digest(image.digest), in: name) == nil)
    }
  }

  /// Whoever holds the bytes knows better than a claim what is in them.
  @Test func aClaimThatLiesAboutAManifestThatIsHereIsTakenInAndChangesNothingOfIt() async throws {
    try await withForeignImage { catalog, scribe in
      #expect(try await catalog.publish(publication()) == .published)
      let lie = ManifestFacts(
        mediaType: .dockerManifest, size: 1, subject: .of("other"), artifactType: "application/lie")
      scribe.say(statement(lie), at: HybridTime(milliseconds: 1_002))
      #expect(try await catalog.admit(try #require(scribe.run(after: 2))) == .admitted(scribe.head(), added: 1))
      let stored = try #require(try await catalog.resolve(.digest(image.digest), in: name))
      #expect(stored.bytes == image.document.bytes && stored.mediaType == .dockerManifest)
      let facts = try await catalog.manifests(of: name).map(\.facts)
      #expect(facts.map(\.size) == [image.document.bytes.count] && facts.map(\.subject) == [subject])
    }
  }

  @Test func aLieAboutAManifestThatIsNotHereEndsWithItsBytes() async throws {
    try await withCatalog { catalog in
      var scribe = Scribe(9)
      let lie = ManifestFacts(mediaType: .ociManifest, size: 1, subject: .of("other"), artifactType: nil)
      scribe.say(statement(lie), at: HybridTime(milliseconds: 1_000))
      _ = try await catalog.admit(try #require(scribe.run()))
      #expect(try await catalog.document(image.digest, as: image.document, in: name))
      #expect(try await catalog.manifests(of: name).map(\.facts) == [image.document.facts])
    }
  }

  @Test func whatIsKeptInMemoryFollowsWhatIsAdmitted() async throws {
    let other = try ManifestFixture.index([])
    try await withForeignImage { catalog, scribe in
      for reference in [Reference.tag(latest), .digest(image.digest)] {
        #expect(try await catalog.resolve(reference, in: name) != nil)
      }
      scribe.say(.manifest(name, other.digest, .present(other.document.facts)), at: HybridTime(milliseconds: 2_000))
      scribe.say(.tag(name, latest, other.digest), at: HybridTime(milliseconds: 2_001))
      _ = try await catalog.admit(try #require(scribe.run(after: 2)))
      #expect(try await catalog.resolve(.tag(latest), in: name)?.digest == other.digest)
      scribe.say(.manifest(name, other.digest, .gone), at: HybridTime(milliseconds: 2_002))
      _ = try await catalog.admit(try #require(scribe.run(after: 4)))
      #expect(try await catalog.resolve(.tag(latest), in: name) == nil, "the tag names what is gone")
      #expect(try await catalog.resolve(.digest(other.digest), in: name) == nil)
      #expect(try await catalog.resolve(.digest(image.digest), in: name) != nil)

      var rules = NameRules()
      rules.removed = [scribe.writer.node]
      try await catalog.apply(rules)
      #expect(try await catalog.resolve(.digest(image.digest), in: name) == nil, "by a change of rules")
      try await catalog.apply(NameRules())
      #expect(try await catalog.resolve(.digest(image.digest), in: name) != nil)
      let fleet = try #require(FleetID(Array(repeating: 3, count: FleetID.byteCount)))
      _ = try await catalog.rebase(onto: fleet, restating: [], dropping: [])
      #expect(try await catalog.resolve(.digest(image.digest), in: name) == nil, "by a rebase")
    }
  }

  @Test func whoSpokeLastOfAManifestIsKnown() async throws {
    try await withForeignImage { catalog, scribe in
      #expect(try await catalog.claimant(of: image.digest, in: name) == .test(9))
      #expect(try await catalog.claimant(of: subject, in: name) == nil)
      #expect(try await catalog.claimant(of: image.digest, in: try RepositoryName(parsing: "other")) == nil)
      var later = Scribe(8)
      later.say(statement(), at: HybridTime(milliseconds: 2_000))
      _ = try await catalog.admit(try #require(later.run()))
      #expect(try await catalog.claimant(of: image.digest, in: name) == .test(8))
    }
  }

  @Test func whatIsHeldIsWhatSomeRepositoryIsLinkedTo() async throws {
    try await withForeignImage { (catalog, _) async throws in
      let other = try RepositoryName(parsing: "other")
      let blobs = (1...5).map { StoredBlob.holding("blob \($0)") }
      for blob in blobs { for repository in [name, other] { try await catalog.link(blob, to: repository) } }
      let digests = blobs.map(\.digest).sorted()
      #expect(try await catalog.held(after: nil, limit: 9) == digests, "each once; what is only claimed is not here")
      #expect(try await catalog.held(after: digests[1], limit: 2) == Array(digests[2...3]))
      #expect(try await catalog.held(after: digests[4], limit: 2).isEmpty)
    }
  }

  @Test func whatIsRetractedElsewhereIsOwedToTheShelf() async throws {
    try await withForeignImage { catalog, scribe in
      #expect(try await catalog.publish(publication()) == .published)
      scribe.say(.manifest(name, image.digest, .gone), at: HybridTime(milliseconds: 3_000))
      _ = try await catalog.admit(try #require(scribe.run(after: 2)))
      #expect(try await catalog.owedUnshelvings(limit: 9).map(\.digest) == [image.digest])
    }
  }
}
