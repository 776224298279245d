import RegistryCore

/// What every implementation of `Content` does.
public enum ContentContract {
  public static let clauses = linking + owing

  static let linking = [
    CatalogClause("onlyALinkMakesABlobReadable") { catalog in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let digest = Sample.layer.digest
      try CatalogViolation.unlessEqual(try await catalog.linkedSize(of: digest, in: mine), nil, "before")
      try await catalog.link(Sample.layer, to: mine)
      try CatalogViolation.unlessEqual(try await catalog.linkedSize(of: digest, in: mine), Sample.layer.size, "after")
      try CatalogViolation.unlessEqual(try await catalog.linkedSize(of: digest, in: yours), nil, "elsewhere")
    },
    CatalogClause("linkingTwiceIsLinkingOnce") { catalog in
      let repository = try Sample.repository()
      for _ in 0..<2 { try await catalog.link(Sample.layer, to: repository) }
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(Sample.layer.digest, from: repository, refusingNeeded: false), .unlinked, "once")
      try CatalogViolation.unlessEqual(
        try await catalog.linkedSize(of: Sample.layer.digest, in: repository), nil, "one unlink undoes both")
    },
    CatalogClause("aBlobOfNoBytesAndOneOfMoreThanFourGigabytesKeepTheirSizes") { catalog in
      let repository = try Sample.repository()
      for size: Int64 in [0, 5_000_000_000, .max] {
        let blob = StoredBlob(digest: .of("\(size)"), size: size)
        try await catalog.link(blob, to: repository)
        try CatalogViolation.unlessEqual(
          try await catalog.linkedSize(of: blob.digest, in: repository), size, "its size")
      }
    },
    CatalogClause("unlinkingSaysWhatHappened") { catalog in
      let repository = try Sample.repository()
      let digest = Sample.layer.digest
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: repository, refusingNeeded: true), .absent, "no repository")
      try CatalogViolation.unless(
        try await catalog.tags(of: repository, after: nil, limit: 1) == nil, "asking made a repository")
      try await catalog.link(Sample.layer, to: repository)
      try CatalogViolation.unlessEqual(
        try await catalog.linkedSize(of: digest, in: repository), Sample.layer.size, "linked")
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: repository, refusingNeeded: true), .unlinked, "nobody needs it")
      try CatalogViolation.unlessEqual(try await catalog.linkedSize(of: digest, in: repository), nil, "unlinked")
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: repository, refusingNeeded: true), .absent, "no link")
    },
    CatalogClause("aNeededBlobIsKeptWhenAskedSo") { catalog in
      let (repository, other) = (try Sample.repository(), try Sample.repository("other"))
      let image = try await Sample.push(to: repository, of: catalog)
      try await catalog.link(Sample.layer, to: other)
      let digest = Sample.layer.digest
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: other, refusingNeeded: true), .unlinked, "another repository's need")
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: repository, refusingNeeded: true), .needed(by: image.digest), "needed")
      try CatalogViolation.unlessEqual(
        try await catalog.linkedSize(of: digest, in: repository), Sample.layer.size, "it is still readable")
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: repository, refusingNeeded: false), .unlinked, "not refused")
      try await catalog.link(Sample.layer, to: repository)
      _ = try await catalog.retract(image.digest, from: repository)
      try CatalogViolation.unlessEqual(
        try await catalog.unlink(digest, from: repository, refusingNeeded: true), .unlinked, "the manifest is gone")
    },
    CatalogClause("aHolderIsARepositoryThatHasTheBlob") { catalog in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let digest = Sample.layer.digest
      try CatalogViolation.unlessEqual(try await catalog.holder(of: digest), nil, "nobody")
      try await catalog.link(Sample.layer, to: mine)
      try CatalogViolation.unlessEqual(try await catalog.holder(of: digest), mine, "the only one")
      try await catalog.link(Sample.layer, to: yours)
      _ = try await catalog.unlink(digest, from: mine, refusingNeeded: false)
      try CatalogViolation.unlessEqual(try await catalog.holder(of: digest), yours, "the one that is left")
    },
  ]

  static let owing = [
    CatalogClause("aRetractionIsOwedToTheShelfUntilItIsSettled") { catalog in
      let repository = try Sample.repository()
      var retracted: [Digest] = []
      for version in 1...3 {
        let digest = try await Sample.push(version, to: repository, of: catalog).digest
        _ = try await catalog.retract(digest, from: repository)
        retracted.append(digest)
      }
      let owed = try await catalog.owedUnshelvings(limit: 10)
      try CatalogViolation.unlessEqual(owed.map(\.digest), retracted, "oldest first")
      try CatalogViolation.unless(owed.allSatisfy { $0.repository == repository }, "its repository")
      try CatalogViolation.unlessEqual(
        try await catalog.owedUnshelvings(limit: 2), Array(owed.prefix(2)), "a limit")
      for _ in 0..<2 { try await catalog.settle(owed[0]) }
      try CatalogViolation.unlessEqual(
        try await catalog.owedUnshelvings(limit: 10), Array(owed.dropFirst()), "one is settled")
    },
    CatalogClause("whatIsPublishedAgainIsOwedNoMore") { catalog in
      let repository = try Sample.repository()
      let digest = try await Sample.push(to: repository, of: catalog).digest
      _ = try await catalog.retract(digest, from: repository)
      let old = try await catalog.owedUnshelvings(limit: 10)
      try await Sample.push(to: repository, of: catalog)
      try CatalogViolation.unlessEqual(try await catalog.owedUnshelvings(limit: 10), [], "present again")
      _ = try await catalog.retract(digest, from: repository)
      for debt in old { try await catalog.settle(debt) }
      try CatalogViolation.unlessEqual(
        try await catalog.owedUnshelvings(limit: 10).map(\.digest), [digest], "an old debt settles no new one")
    },
  ]
}
