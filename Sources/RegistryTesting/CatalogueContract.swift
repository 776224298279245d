import RegistryCore

/// What every implementation of `Catalogue` does.
public enum CatalogueContract {
  public static let clauses = paging + describing

  static let paging = [
    CatalogClause("tagsAreSortedByTheirBytes") { catalog in
      let repository = try Sample.repository()
      let tags = ["b", "a", "B", "_", "a-1", "a.1", "a1", "1", "a_1"]
      try await Sample.push(tags: tags, to: repository, of: catalog)
      let page = try await catalog.tags(of: repository, after: nil, limit: 100)
      let sorted = tags.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      try CatalogViolation.unlessEqual(page?.elements.map(\.text), sorted, "all tags")
      try CatalogViolation.unlessEqual(page?.hasMore, false, "nothing after the last")
    },
    CatalogClause("tagsComeInPagesWithoutGapOrRepetition") { catalog in
      let repository = try Sample.repository()
      let tags = (0..<10).map { "t\($0)" }
      try await Sample.push(tags: tags, to: repository, of: catalog)
      for size in 1...11 {
        var seen: [String] = []
        var hasMore = true
        while hasMore {
          let page = try await catalog.tags(of: repository, after: seen.last, limit: size)
          guard let page, !page.elements.isEmpty else { break }
          seen += page.elements.map(\.text)
          hasMore = page.hasMore
        }
        try CatalogViolation.unlessEqual(seen, tags, "pages of \(size)")
        try CatalogViolation.unlessEqual(hasMore, false, "the last page of \(size)")
      }
    },
    CatalogClause("lastMayBeAnyText") { catalog in
      let repository = try Sample.repository()
      try await Sample.push(tags: ["a", "m", "z"], to: repository, of: catalog)
      let expected = [
        "": ["a", "m", "z"], "\0": ["a", "m", "z"], "b": ["m", "z"], "a\0": ["m", "z"], "é": [], "zz": [],
        "' OR 1=1 --": ["a", "m", "z"], "%": ["a", "m", "z"], "m/../..": ["z"],
      ]
      for (last, rest) in expected {
        let page = try await catalog.tags(of: repository, after: last, limit: 10)
        try CatalogViolation.unlessEqual(page?.elements.map(\.text), rest, "after \(last.debugDescription)")
      }
    },
    CatalogClause("aPageOfNoneIsEmptyAndTheLast") { catalog in
      let repository = try Sample.repository()
      try await Sample.push(tags: ["a"], to: repository, of: catalog)
      for limit in [0, -1, Int.min] {
        let page = try await catalog.tags(of: repository, after: nil, limit: limit)
        try CatalogViolation.unlessEqual(page?.elements, [], "tags, limit \(limit)")
        try CatalogViolation.unlessEqual(page?.hasMore, false, "more tags, limit \(limit)")
        let repositories = try await catalog.repositories(after: nil, limit: limit)
        try CatalogViolation.unlessEqual(repositories.elements, [], "repositories, limit \(limit)")
      }
      let page = try await catalog.tags(of: repository, after: nil, limit: .max)
      try CatalogViolation.unlessEqual(page?.elements.map(\.text), ["a"], "no limit at all")
    },
    CatalogClause("onlyARepositoryThatNeverHeldAnythingHasNoListOfTags") { catalog in
      let repository = try Sample.repository()
      try CatalogViolation.unless(
        try await catalog.tags(of: repository, after: nil, limit: 10) == nil, "a repository nobody has seen")
      let image = try await Sample.push(tags: ["a"], to: repository, of: catalog)
      _ = try await catalog.retract(image.digest, from: repository)
      let page = try await catalog.tags(of: repository, after: nil, limit: 10)
      try CatalogViolation.unlessEqual(page?.elements, [], "a repository whose manifests are gone")
    },
    CatalogClause("repositoriesAreThoseThatHoldAManifestInTheOrderOfBytes") { catalog in
      let names = ["b", "a/b", "a", "a-b", "a.b", "a0"]
      for name in names { try await Sample.push(to: try Sample.repository(name), of: catalog) }
      try await catalog.link(Sample.config, to: try Sample.repository("blobs/only"))
      let emptied = try Sample.repository("emptied")
      _ = try await catalog.retract(try await Sample.push(to: emptied, of: catalog).digest, from: emptied)

      let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      let all = try await catalog.repositories(after: nil, limit: 100)
      try CatalogViolation.unlessEqual(all.elements.map(\.text), sorted, "all of them")
      try CatalogViolation.unlessEqual(all.hasMore, false, "nothing after the last")
      let some = try await catalog.repositories(after: "a-b", limit: 2)
      try CatalogViolation.unlessEqual(some.elements.map(\.text), ["a.b", "a/b"], "a page")
      try CatalogViolation.unlessEqual(some.hasMore, true, "more after it")
    },
  ]

  static let describing = [
    CatalogClause("referrersAreInDigestOrderWithTheirAnnotations") { catalog in
      let repository = try Sample.repository()
      let subject = try await Sample.push(to: repository, of: catalog)
      var expected: [Referrer] = []
      for number in 0..<3 {
        let notes = ["number": "\(number)", "emoji": "🐟", "empty": ""]
        let referrer = try ManifestFixture.image(
          config: Sample.config, subject: subject.descriptor, artifactType: "application/vnd.example.sbom",
          annotations: notes)
        _ = try await catalog.publish(referrer, in: repository)
        expected.append(
          Referrer(
            digest: referrer.digest, mediaType: .ociManifest, size: referrer.document.bytes.count,
            artifactType: "application/vnd.example.sbom", annotations: notes))
      }
      expected.sort { $0.digest < $1.digest }
      let seen = try await catalog.referrers(of: subject.digest, in: repository, artifactType: nil)
      try CatalogViolation.unlessEqual(seen, expected, "referrers")
    },
    CatalogClause("referrersAreFilteredByArtifactType") { catalog in
      let repository = try Sample.repository()
      let subject = try await Sample.push(to: repository, of: catalog)
      let signature = try ManifestFixture.image(
        config: Sample.config, subject: subject.descriptor, artifactType: "application/vnd.example.signature")
      let plain = try ManifestFixture.image(config: Sample.config, subject: subject.descriptor)
      _ = try await catalog.publish(signature, in: repository)
      _ = try await catalog.publish(plain, in: repository)
      let wanted: [(String?, Set<Digest>)] = [
        (nil, [signature.digest, plain.digest]), ("application/vnd.example.signature", [signature.digest]),
        ("application/vnd.oci.image.config.v1+json", [plain.digest]), ("application/vnd.none", []), ("", []),
      ]
      for (type, digests) in wanted {
        let seen = try await catalog.referrers(of: subject.digest, in: repository, artifactType: type)
        try CatalogViolation.unlessEqual(Set(seen.map(\.digest)), digests, "artifact type \(type ?? "any")")
      }
    },
    CatalogClause("aSubjectNeedNotExistAndReferrersEndWithTheirManifest") { catalog in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let subject = try Sample.image(7)
      let referrer = try ManifestFixture.image(config: Sample.config, subject: subject.descriptor)
      try await catalog.link(Sample.config, to: mine)
      _ = try await catalog.publish(referrer, in: mine)
      let seen = try await catalog.referrers(of: subject.digest, in: mine, artifactType: nil)
      try CatalogViolation.unlessEqual(seen.map(\.digest), [referrer.digest], "of an absent subject")
      try CatalogViolation.unlessEqual(
        try await catalog.referrers(of: subject.digest, in: yours, artifactType: nil), [], "in another repository")
      _ = try await catalog.retract(referrer.digest, from: mine)
      try CatalogViolation.unlessEqual(
        try await catalog.referrers(of: subject.digest, in: mine, artifactType: nil), [], "after its end")
    },
    CatalogClause("manifestsAreListedWithTheirTags") { catalog in
      let repository = try Sample.repository()
      try CatalogViolation.unlessEqual(try await catalog.manifests(of: repository), [], "an unknown repository")
      let one = try await Sample.push(1, tags: ["b", "a"], to: repository, of: catalog)
      let two = try await Sample.push(2, to: repository, of: catalog)
      let seen = try await catalog.manifests(of: repository)
      try CatalogViolation.unlessEqual(seen.map(\.digest), [one.digest, two.digest].sorted(), "in digest order")
      for summary in seen {
        let isOne = summary.digest == one.digest
        try CatalogViolation.unlessEqual(summary.tags.map(\.text), isOne ? ["a", "b"] : [], "its tags")
        try CatalogViolation.unlessEqual(
          summary.facts, isOne ? one.document.facts : two.document.facts, "its facts")
      }
    },
  ]
}
