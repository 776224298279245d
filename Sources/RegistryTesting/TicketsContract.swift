import RegistryCore

/// What every implementation of `Tickets` does.
public enum TicketsContract {
  public static let clauses = keeping + finding + walking

  static let keeping = [
    CatalogClause("whatWasNeverKeptIsAbsent") { catalog in
      let digest = Sample.layer.digest
      try CatalogViolation.unlessEqual(try await catalog.ticket(of: digest), nil, "a ticket")
      try CatalogViolation.unlessEqual(try await catalog.classicPieces(of: digest), nil, "classic pieces")
    },
    CatalogClause("whatIsKeptComesBackAsItWas") { catalog in
      for pieces in [1, 2, 3, 8192] {
        let facts = TorrentFacts(pieces: pieces)
        // Twice is once.
        for _ in 0..<2 {
          try await catalog.keep(facts.ticket, infoHash: facts.infoHash)
          try await catalog.keep(facts.classic, infoHash: facts.classicInfoHash)
        }
        try CatalogViolation.unlessEqual(
          try await catalog.ticket(of: facts.digest), facts.ticket, "a ticket of \(pieces) pieces")
        try CatalogViolation.unlessEqual(
          try await catalog.classicPieces(of: facts.digest), facts.classic, "\(pieces) classic pieces")
      }
    },
    CatalogClause("bothAlgorithmsNameTickets") { catalog in
      for algorithm in Digest.Algorithm.allCases {
        let facts = TorrentFacts(pieces: 2, algorithm)
        try await catalog.keep(facts.ticket, infoHash: facts.infoHash)
        try CatalogViolation.unlessEqual(try await catalog.ticket(of: facts.digest), facts.ticket, "\(algorithm)")
      }
    },
    CatalogClause("aLinkBringsItsTicket") { catalog in
      let facts = TorrentFacts(pieces: 3)
      for repository in ["mine", "yours"] {
        try await catalog.link(facts.blob, ticket: facts.entry, to: try Sample.repository(repository))
      }
      try CatalogViolation.unlessEqual(try await catalog.ticket(of: facts.digest), facts.ticket, "the ticket")
      try await catalog.link(facts.blob, to: try Sample.repository("theirs"))
      try CatalogViolation.unlessEqual(
        try await catalog.ticket(of: facts.digest), facts.ticket, "after a link that brings none")
    },
    CatalogClause("aPublicationBringsItsTicketAndARefusedOneDoesNot") { catalog in
      let repository = try Sample.repository()
      let image = try Sample.image()
      let facts = TorrentFacts(image)
      let publication = Publication(
        repository: repository, digest: image.digest, document: image.document, tags: [], ticket: facts.entry)
      let refused = try await catalog.publish(publication)
      try CatalogViolation.unless(refused != .published, "published without its blobs")
      try CatalogViolation.unlessEqual(try await catalog.ticket(of: image.digest), nil, "refused")
      try await catalog.link(Sample.config, to: repository)
      try await catalog.link(Sample.layer, to: repository)
      try CatalogViolation.unlessEqual(try await catalog.publish(publication), .published, "with its blobs")
      try CatalogViolation.unlessEqual(try await catalog.ticket(of: image.digest), facts.ticket, "published")
    },
  ]

  static let finding = [
    CatalogClause("aBlobIsFoundByTheInfoHashesOfBothItsTorrents") { catalog in
      let all = (1...3).map { TorrentFacts(pieces: $0) }
      for facts in all {
        try await catalog.keep(facts.ticket, infoHash: facts.infoHash)
        try await catalog.keep(facts.classic, infoHash: facts.classicInfoHash)
      }
      for facts in all {
        for infoHash in [facts.infoHash, facts.classicInfoHash] {
          try CatalogViolation.unlessEqual(
            try await catalog.digest(ofTorrent: infoHash.short), facts.digest, "version \(infoHash.version)")
        }
      }
      let other = TorrentFacts(pieces: 4)
      for unknown in [other.infoHash.short, [], Array(all[0].infoHash.short.dropLast()), all[0].infoHash.bytes] {
        try CatalogViolation.unlessEqual(try await catalog.digest(ofTorrent: unknown), nil, "\(unknown)")
      }
    },
    CatalogClause("theRepositoriesOfABlobAreThoseThatCanReadIt") { catalog in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let image = try await Sample.push(to: mine, of: catalog)
      try await catalog.link(Sample.layer, to: yours)
      try CatalogViolation.unlessEqual(
        try await catalog.repositories(holding: Sample.layer.digest), [mine, yours], "a blob in two")
      try CatalogViolation.unlessEqual(
        try await catalog.repositories(holding: Sample.config.digest), [mine], "a blob in one")
      try CatalogViolation.unlessEqual(try await catalog.repositories(holding: image.digest), [mine], "a manifest")
      // Bytes that are a blob in one and a manifest in another, and both in one.
      let blob = StoredBlob(digest: image.digest, size: Int64(image.document.bytes.count))
      for repository in [mine, yours] { try await catalog.link(blob, to: repository) }
      try CatalogViolation.unlessEqual(
        try await catalog.repositories(holding: image.digest), [mine, yours], "a manifest that is a blob too")
      _ = try await catalog.unlink(blob.digest, from: yours, refusingNeeded: false)
      try CatalogViolation.unlessEqual(try await catalog.repositories(holding: image.digest), [mine], "unlinked")
      try CatalogViolation.unlessEqual(
        try await catalog.repositories(holding: Digest.of("other")), [], "what nobody has")
    },
  ]

  static let walking = [
    CatalogClause("aWalkMeetsWhatHasNoTicketOnceAndInOrder") { catalog in
      let blobs = (0..<20).map { StoredBlob.holding("blob \($0)") }
      for (at, blob) in blobs.enumerated() {
        try await catalog.link(blob, to: try Sample.repository("a"))
        if at.isMultiple(of: 3) { try await catalog.link(blob, to: try Sample.repository("b")) }
      }
      let image = try await Sample.push(to: try Sample.repository(), of: catalog)
      let manifest = StoredBlob(digest: image.digest, size: Int64(image.document.bytes.count))
      // The manifest's bytes were pushed as a blob, too.
      try await catalog.link(manifest, to: try Sample.repository("a"))
      let due = (blobs + [Sample.config, Sample.layer, manifest]).sorted { $0.digest < $1.digest }
      for limit in [1, 7, 100] {
        var (seen, last): ([StoredBlob], Digest?) = ([], nil)
        while true {
          let page = try await catalog.withoutTicket(after: last, limit: limit)
          try CatalogViolation.unless(page.count <= limit, "a page of \(page.count) where \(limit) is the limit")
          guard let end = page.last else { break }
          seen += page
          last = end.digest
        }
        try CatalogViolation.unlessEqual(seen, due, "in pages of \(limit)")
      }
    },
    CatalogClause("aWalkPassesByWhatHasATicketOrNoBytesOrNoName") { catalog in
      let repository = try Sample.repository()
      let facts = TorrentFacts(pieces: 2)
      try await catalog.link(facts.blob, to: repository)
      try await catalog.link(.holding(""), to: repository)
      let image = try await Sample.push(to: repository, of: catalog)
      let before = try await catalog.withoutTicket(after: nil, limit: 10).map(\.digest)
      let due = [facts.digest, Sample.config.digest, Sample.layer.digest, image.digest]
      try CatalogViolation.unlessEqual(Set(before), Set(due), "all but the empty blob")

      try await catalog.keep(facts.ticket, infoHash: facts.infoHash)
      _ = try await catalog.retract(image.digest, from: repository)
      _ = try await catalog.unlink(Sample.layer.digest, from: repository, refusingNeeded: false)
      try CatalogViolation.unlessEqual(
        try await catalog.withoutTicket(after: nil, limit: 10), [Sample.config], "what is left")
    },
    CatalogClause("aWalkForClassicPiecesStaysInItsRepository") { catalog in
      let (mine, yours) = (try Sample.repository("mine"), try Sample.repository("yours"))
      let facts = TorrentFacts(pieces: 2)
      for repository in [mine, yours] { try await catalog.link(facts.blob, to: repository) }
      try await catalog.link(.holding(""), to: mine)
      let image = try await Sample.push(to: mine, of: catalog)
      let blobs = [facts.blob, Sample.config, Sample.layer]
      let manifest = StoredBlob(digest: image.digest, size: Int64(image.document.bytes.count))
      let due = (blobs + [manifest]).sorted { $0.digest < $1.digest }
      try CatalogViolation.unlessEqual(
        try await catalog.withoutClassicPieces(in: mine, after: nil, limit: 10), due, "mine")
      try CatalogViolation.unlessEqual(
        try await catalog.withoutClassicPieces(in: mine, after: due[1].digest, limit: 1), [due[2]], "a page of it")
      try CatalogViolation.unlessEqual(
        try await catalog.withoutClassicPieces(in: yours, after: nil, limit: 10), [facts.blob], "yours")
      try CatalogViolation.unlessEqual(
        try await catalog.withoutClassicPieces(in: try Sample.repository("theirs"), after: nil, limit: 10), [],
        "a repository that is not there")
      try await catalog.keep(facts.classic, infoHash: facts.classicInfoHash)
      try CatalogViolation.unlessEqual(
        try await catalog.withoutClassicPieces(in: yours, after: nil, limit: 10), [], "yours, computed")
      try CatalogViolation.unlessEqual(
        try await catalog.withoutTicket(after: nil, limit: 10), due, "classic pieces are no ticket")
    },
  ]
}

/// What every implementation of `TorrentWishes` does.
public enum TorrentWishesContract {
  public static let clauses = [
    CatalogClause("aWishHoldsUntilAnotherTakesItsPlace") { catalog in
      let (one, two) = (Digest.of("one"), Digest.of("two", algorithm: .sha512))
      try CatalogViolation.unlessEqual(try await catalog.wish(for: one), nil, "nobody decided")
      try CatalogViolation.unlessEqual(try await catalog.everyWish(), [:], "nobody decided anything")
      for wish in [TorrentWish.started, .stopped, .stopped] {
        try await catalog.set(wish, for: one)
        try CatalogViolation.unlessEqual(try await catalog.wish(for: one), wish, "the last wish")
      }
      try await catalog.set(.started, for: two)
      try CatalogViolation.unlessEqual(try await catalog.everyWish(), [one: .stopped, two: .started], "all")
      for _ in 0..<2 { try await catalog.set(nil, for: one) }
      try CatalogViolation.unlessEqual(try await catalog.wish(for: one), nil, "taken back")
      try CatalogViolation.unlessEqual(try await catalog.everyWish(), [two: .started], "what is left")
    }
  ]
}
