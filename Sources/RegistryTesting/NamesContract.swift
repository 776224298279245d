import RegistryCore

/// What every implementation of `Names` does.
public enum NamesContract {
  public static let clauses = resolving + publishing + retracting + remembering

  static let resolving = [
    CatalogClause("whatIsNotThereResolvesToNothing") { catalog in
      let repository = try Sample.repository()
      try CatalogViolation.unlessEqual(
        try await catalog.resolved("latest", in: repository), nil, "a tag of an unknown repository")
      try await Sample.push(tags: ["v1"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), nil, "an unknown tag")
      try CatalogViolation.unlessEqual(
        try await catalog.resolved(Digest.of("other").description, in: repository), nil, "an unknown digest")
    },
    CatalogClause("aManifestComesBackByteForByteByTagAndByDigest") { catalog in
      let repository = try Sample.repository()
      let image = try await Sample.push(tags: ["latest"], to: repository, of: catalog)
      for reference in [Reference.tag(try Sample.tag("latest")), .digest(image.digest)] {
        let stored = try await catalog.resolve(reference, in: repository)
        try CatalogViolation.unlessEqual(stored?.digest, image.digest, "digest by \(reference)")
        try CatalogViolation.unlessEqual(stored?.mediaType, .ociManifest, "media type by \(reference)")
        try CatalogViolation.unlessEqual(stored?.size, image.document.bytes.count, "size by \(reference)")
        try CatalogViolation.unlessEqual(stored?.bytes, image.document.bytes, "bytes by \(reference)")
      }
    },
    CatalogClause("repositoriesDoNotSeeEachOther") { catalog in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let image = try await Sample.push(tags: ["latest"], to: mine, of: catalog)
      try await Sample.push(1, tags: ["latest"], to: yours, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: mine), image.digest, "my tag")
      try CatalogViolation.unlessEqual(
        try await catalog.resolved(image.digest.description, in: yours), nil, "my manifest in your repository")
    },
    CatalogClause("sha512NamesAManifestToo") { catalog in
      let repository = try Sample.repository()
      let image = try ManifestFixture.index([])
      let digest = Digest.of(String(decoding: image.document.bytes, as: UTF8.self), algorithm: .sha512)
      let publication = Publication(
        repository: repository, digest: digest, document: image.document, tags: [try Sample.tag("long")])
      try CatalogViolation.unlessEqual(try await catalog.publish(publication), .published, "publishing by sha512")
      try CatalogViolation.unlessEqual(try await catalog.resolved("long", in: repository), digest, "the tag")
      try CatalogViolation.unlessEqual(
        try await catalog.resolved(digest.description, in: repository), digest, "the digest")
    },
  ]

  static let publishing = [
    CatalogClause("aManifestWhoseBlobsAreNotLinkedIsRefusedAndLeavesNoTrace") { catalog in
      let repository = try Sample.repository()
      let outcome = try await catalog.publish(try Sample.image(), tags: ["latest"], in: repository)
      try CatalogViolation.unlessEqual(
        outcome, .missing([Sample.config.digest, Sample.layer.digest]), "in the manifest's order")
      try CatalogViolation.unless(
        try await catalog.tags(of: repository, after: nil, limit: 10) == nil, "the repository was made")
      let history = try await catalog.history(of: try Sample.tag("latest"), in: repository, limit: 10)
      try CatalogViolation.unlessEqual(history, [], "a claim was written")
    },
    CatalogClause("aLinkInAnotherRepositoryDoesNotCount") { catalog in
      try await Sample.push(to: try Sample.repository("mine"), of: catalog)
      let outcome = try await catalog.publish(try Sample.image(), in: try Sample.repository("yours"))
      try CatalogViolation.unlessEqual(
        outcome, .missing([Sample.config.digest, Sample.layer.digest]), "blobs of another repository")
    },
    CatalogClause("aBlobOfAnotherSizeThanTheManifestSaysIsMissing") { catalog in
      let repository = try Sample.repository()
      try await catalog.link(Sample.config, to: repository)
      try await catalog.link(
        StoredBlob(digest: Sample.layer.digest, size: Sample.layer.size + 1), to: repository)
      let outcome = try await catalog.publish(try Sample.image(), in: repository)
      try CatalogViolation.unlessEqual(outcome, .missing([Sample.layer.digest]), "a lie about a size")
    },
    CatalogClause("aBlobNamedTwiceIsMissingOnce") { catalog in
      let twice = try ManifestFixture.image(config: Sample.config, layers: [Sample.layer, Sample.layer])
      let outcome = try await catalog.publish(twice, in: try Sample.repository())
      try CatalogViolation.unlessEqual(
        outcome, .missing([Sample.config.digest, Sample.layer.digest]), "a layer that is there twice")
    },
    CatalogClause("anIndexNeedsItsChildrenUnlessItMayBeSparse") { catalog in
      let repository = try Sample.repository()
      let (here, gone) = (try await Sample.push(to: repository, of: catalog), try Sample.image(1))
      let index = try ManifestFixture.index([here.descriptor, gone.descriptor])
      try CatalogViolation.unlessEqual(
        try await catalog.publish(index, tags: ["all"], in: repository), .missing([gone.digest]), "a child not here")
      try CatalogViolation.unlessEqual(try await catalog.resolved("all", in: repository), nil, "the refused index")
      try CatalogViolation.unlessEqual(
        try await catalog.publish(index, tags: ["all"], in: repository, demands: .blobs), .published, "a sparse index")
      try CatalogViolation.unlessEqual(try await catalog.resolved("all", in: repository), index.digest, "its tag")
    },
    CatalogClause("anImageNeedsItsBlobsUnlessItMayBeSparse") { catalog in
      let (image, repository) = (try Sample.image(), try Sample.repository())
      let outcome = try await catalog.publish(image, in: repository, demands: .blobs)
      try CatalogViolation.unlessEqual(
        outcome, .missing([Sample.config.digest, Sample.layer.digest]), "where blobs are demanded")
      try CatalogViolation.unlessEqual(
        try await catalog.publish(image, in: repository, demands: .nothing), .published, "a sparse image")
    },
    CatalogClause("anImageMayLackWhatOthersHoldAndNothingElse") { catalog in
      let (image, repository) = (try Sample.image(), try Sample.repository())
      func publication(_ held: Set<Digest>) -> Publication {
        Publication(repository: repository, digest: image.digest, document: image.document, tags: [])
          .with(heldElsewhere: held)
      }
      try CatalogViolation.unlessEqual(
        try await catalog.publish(publication([Sample.layer.digest])), .missing([Sample.config.digest]),
        "the layer alone")
      try CatalogViolation.unlessEqual(
        try await catalog.publish(publication([Sample.layer.digest, Sample.config.digest])), .published, "both")
      try CatalogViolation.unlessEqual(
        try await catalog.linkedSize(of: Sample.layer.digest, in: repository), nil, "it is not here for that")
    },
    CatalogClause("aSparseImageTellsTheTruthAboutWhatIsHere") { catalog in
      let repository = try Sample.repository()
      try await catalog.link(
        StoredBlob(digest: Sample.layer.digest, size: Sample.layer.size + 1), to: repository)
      let outcome = try await catalog.publish(try Sample.image(), in: repository, demands: .nothing)
      try CatalogViolation.unlessEqual(outcome, .missing([Sample.layer.digest]), "a lie about a size")
    },
    CatalogClause("publishingAgainWhatIsSoWritesNoClaim") { catalog in
      let repository = try Sample.repository()
      let image = try await Sample.push(tags: ["latest", "v1"], to: repository, of: catalog)
      let before = try await catalog.manifests(of: repository)
      try await Sample.push(tags: ["latest", "v1", "v1"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.manifests(of: repository), before, "the same again")
      let history = try await catalog.history(of: try Sample.tag("latest"), in: repository, limit: 10)
      try CatalogViolation.unlessEqual(history.map(\.digest), [image.digest], "claims of the tag")
    },
    CatalogClause("whatIsSaidAgainIsALaterWordAndOneEntryOfTheHistory") { catalog in
      let (repository, tag) = (try Sample.repository(), try Sample.tag("latest"))
      let image = try await Sample.push(tags: ["latest"], to: repository, of: catalog)
      let first = try await catalog.history(of: tag, in: repository, limit: 10)
      let before = try await catalog.manifests(of: repository).map(\.clock)
      let outcome = try await catalog.publish(
        try Sample.image(), tags: ["latest"], in: repository, saysAgain: true)
      try CatalogViolation.unlessEqual(outcome, .published, "the same again")
      try CatalogViolation.unless(
        try await catalog.manifests(of: repository).map(\.clock) != before, "the manifest has no later word")
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), image.digest, "the tag")
      for limit in [1, 10] {
        let history = try await catalog.history(of: tag, in: repository, limit: limit)
        try CatalogViolation.unlessEqual(history, first, "named since the first word")
      }
    },
    CatalogClause("aTagMoves") { catalog in
      let repository = try Sample.repository()
      let old = try await Sample.push(1, tags: ["latest"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), old.digest, "at first")
      let new = try await Sample.push(2, tags: ["latest"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), new.digest, "moved")
      try CatalogViolation.unlessEqual(
        try await catalog.resolved(old.digest.description, in: repository), old.digest, "the old manifest stays")
      try await Sample.push(1, tags: ["latest"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), old.digest, "and back")
    },
    CatalogClause("aDocumentIsKeptOfWhatIsPresentOnly") { catalog in
      let (image, repository) = (try Sample.image(), try Sample.repository())
      try CatalogViolation.unlessEqual(
        try await catalog.document(image.digest, as: image.document, in: repository), false, "of an absent manifest")
      try CatalogViolation.unlessEqual(
        try await catalog.resolved(image.digest.description, in: repository), nil, "it was made present")
      try await Sample.push(tags: ["latest"], to: repository, of: catalog)
      let before = try await catalog.manifests(of: repository)
      try CatalogViolation.unlessEqual(
        try await catalog.document(image.digest, as: image.document, in: repository), true, "of a present one")
      try CatalogViolation.unlessEqual(try await catalog.manifests(of: repository), before, "what is known already")
    },
    CatalogClause("theSameBytesUnderAnotherMediaTypeAreServedUnderTheNewOne") { catalog in
      let repository = try Sample.repository()
      for text in ["application/vnd.example.one+json", "application/vnd.example.two+json"] {
        let manifest = try ManifestFixture(json: #"{"schemaVersion":2}"#, contentType: MediaType(parsing: text))
        _ = try await catalog.publish(manifest, tags: ["latest"], in: repository)
        let stored = try await catalog.resolve(.tag(try Sample.tag("latest")), in: repository)
        try CatalogViolation.unlessEqual(stored?.mediaType.text, text, "the media type of the last push")
      }
    },
  ]

  static let retracting = [
    CatalogClause("aRetractedManifestTakesItsTagsWithIt") { catalog in
      let repository = try Sample.repository()
      let gone = try await Sample.push(1, tags: ["a", "b"], to: repository, of: catalog)
      let kept = try await Sample.push(2, tags: ["c"], to: repository, of: catalog)
      for reference in ["a", gone.digest.description] {
        try CatalogViolation.unlessEqual(
          try await catalog.resolved(reference, in: repository), gone.digest, "before, \(reference)")
      }
      try CatalogViolation.unless(try await catalog.retract(gone.digest, from: repository) != nil, "it was present")
      for reference in ["a", "b", gone.digest.description] {
        try CatalogViolation.unlessEqual(
          try await catalog.resolved(reference, in: repository), nil, "after, \(reference)")
      }
      try CatalogViolation.unlessEqual(try await catalog.resolved("c", in: repository), kept.digest, "the other")
      let tags = try await catalog.tags(of: repository, after: nil, limit: 10)
      try CatalogViolation.unlessEqual(tags?.elements.map(\.text), ["c"], "the list of tags")
    },
    CatalogClause("retractingWhatIsNotPresentIsFalse") { catalog in
      let repository = try Sample.repository()
      let digest = try Sample.image().digest
      try CatalogViolation.unless(try await catalog.retract(digest, from: repository) == nil, "unknown repository")
      try await Sample.push(to: repository, of: catalog)
      try CatalogViolation.unless(try await catalog.retract(digest, from: repository) != nil, "it was present")
      try CatalogViolation.unless(try await catalog.retract(digest, from: repository) == nil, "it is gone")
    },
    CatalogClause("aRetractedManifestCanBePublishedAgain") { catalog in
      let repository = try Sample.repository()
      let image = try await Sample.push(tags: ["latest"], to: repository, of: catalog)
      _ = try await catalog.retract(image.digest, from: repository)
      try await Sample.push(tags: ["again"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("again", in: repository), image.digest, "again")
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), nil, "the old tag")
    },
    CatalogClause("anUntaggedManifestStays") { catalog in
      let repository = try Sample.repository()
      let tag = try Sample.tag("latest")
      try CatalogViolation.unless(!(try await catalog.untag(tag, in: repository)), "unknown repository")
      let image = try await Sample.push(tags: ["latest"], to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), image.digest, "before")
      try CatalogViolation.unless(try await catalog.untag(tag, in: repository), "there was one")
      try CatalogViolation.unless(!(try await catalog.untag(tag, in: repository)), "there is none")
      try CatalogViolation.unlessEqual(try await catalog.resolved("latest", in: repository), nil, "the tag")
      try CatalogViolation.unlessEqual(
        try await catalog.resolved(image.digest.description, in: repository), image.digest, "the manifest")
    },
  ]

  static let remembering = [
    CatalogClause("historyIsNewestFirstWithRemovalsAndWhatIsStillPresent") { catalog in
      let repository = try Sample.repository()
      let tag = try Sample.tag("latest")
      let first = try await Sample.push(1, tags: ["latest"], to: repository, of: catalog)
      let second = try await Sample.push(2, tags: ["latest"], to: repository, of: catalog)
      _ = try await catalog.untag(tag, in: repository)
      try await Sample.push(1, tags: ["latest"], to: repository, of: catalog)
      _ = try await catalog.retract(second.digest, from: repository)

      let events = try await catalog.history(of: tag, in: repository, limit: 10)
      try CatalogViolation.unlessEqual(
        events.map(\.digest), [first.digest, nil, second.digest, first.digest], "what it named")
      try CatalogViolation.unlessEqual(events.map(\.isPresent), [true, false, false, true], "what is present")
      let clocks = events.map(\.clock)
      try CatalogViolation.unless(zip(clocks, clocks.dropFirst()).allSatisfy(>), "clocks fall: \(clocks)")
      try CatalogViolation.unlessEqual(
        try await catalog.history(of: tag, in: repository, limit: 2), Array(events.prefix(2)), "a limit")
      try CatalogViolation.unlessEqual(
        try await catalog.history(of: tag, in: repository, limit: 0), [], "a limit of none")
    },
    CatalogClause("aRetractedTagKeepsItsHistory") { catalog in
      let repository = try Sample.repository()
      let image = try await Sample.push(tags: ["latest"], to: repository, of: catalog)
      _ = try await catalog.retract(image.digest, from: repository)
      let events = try await catalog.history(of: try Sample.tag("latest"), in: repository, limit: 10)
      try CatalogViolation.unlessEqual(events.map(\.digest), [nil, image.digest], "what it named")
    },
  ]
}
