import RegistryCore

extension ClaimLedgerContract {
  static let writing = [
    LedgerClause("aWriterOfWhichNothingIsHereIsAbsent") { subject in
      let writer = try await subject.ledger.writer()
      try CatalogViolation.unlessEqual(writer.node, subject.node, "who writes")
      try CatalogViolation.unlessEqual(try await subject.ledger.heads(), [:], "heads of an empty log")
      let run = try await subject.ledger.run(of: writer, after: 0, byteLimit: 1_000)
      try CatalogViolation.unlessEqual(run, nil, "a run of an empty log")
    },
    LedgerClause("whatTheNodeSaysIsSignedAndChainedFromTheFirstClaimOn") { subject in
      let statements = [try Claim.Statement.manifest("one"), try .tag("latest", "one"), try .tag("latest", nil)]
      for statement in statements { try await subject.claim(statement) }
      let writer = try await subject.ledger.writer()
      let claims = try await subject.log(of: writer)
      try CatalogViolation.unlessEqual(claims.map(\.body.name), statements.map(\.name), "what was said of")
      try CatalogViolation.unlessEqual(claims.map(\.body.value), statements.map(\.value), "what was said")
      try CatalogViolation.unlessEqual(claims.map(\.body.sequence), [1, 2, 3], "numbers")
      let clocks = claims.map(\.body.clock)
      try CatalogViolation.unless(zip(clocks, clocks.dropFirst()).allSatisfy(<), "clocks do not rise: \(clocks)")
      let head = claims.last.map { ClaimHead(sequence: 3, hash: subject.notary.hash($0.chainedBytes)) }
      try CatalogViolation.unlessEqual(try await subject.ledger.heads()[writer], head, "the log's end")
    },
    LedgerClause("aRunHasWhatFitsAndAtLeastOneClaim") { subject in
      for number in 0..<10 { try await subject.claim(try .tag("v\(number)", "one")) }
      let writer = try await subject.ledger.writer()
      let whole = try await subject.log(of: writer)
      for limit in [0, 1, 300, 600, 1_000, 100_000] {
        var (seen, after): ([SignedClaim], Int64) = ([], 0)
        while let run = try await subject.ledger.run(of: writer, after: after, byteLimit: limit) {
          try CatalogViolation.unlessEqual(run.after, after, "where a run begins")
          let bytes = run.claims.reduce(0) { $0 + $1.bytes.count }
          try CatalogViolation.unless(run.claims.count == 1 || bytes <= limit, "\(bytes) bytes where \(limit) may be")
          seen += run.claims
          after = run.claims.last?.body.sequence ?? .max
        }
        try CatalogViolation.unlessEqual(seen, whole, "all runs of \(limit) bytes together")
      }
    },
  ]

  static let admitting = [
    LedgerClause("whatIsAdmittedIsHandedOnAsItCame") { subject in
      var scribe = Scribe(1)
      for number in 1...5 { scribe.say(try .tag("v\(number)", "one"), at: subject.time(counter: Int64(number))) }
      let admission = try await subject.admit(scribe)
      try CatalogViolation.unlessEqual(admission, .admitted(scribe.head(), added: 5), "all of it")
      try CatalogViolation.unlessEqual(try await subject.log(of: scribe.writer), scribe.claims, "what is handed on")
      try CatalogViolation.unlessEqual(
        try await subject.ledger.heads(), [scribe.writer: scribe.head()], "heads")
      try await subject.expect(try .tag("v3", "one"), "a tag of another writer")
    },
    LedgerClause("onlyWhatIsNewIsAdded") { subject in
      var scribe = Scribe(1)
      for number in 1...6 { scribe.say(try .tag("v\(number)", "one"), at: subject.time(counter: Int64(number))) }
      try await subject.admit(scribe, upTo: 3)
      for (after, last, added) in [(0, 3, 0), (1, 2, 0), (0, 5, 2), (5, 6, 1), (2, 6, 0)] as [(Int64, Int64, Int)] {
        let admission = try await subject.admit(scribe, after: after, upTo: last)
        let head = scribe.head(at: max(last, added == 0 ? try await subject.length(of: scribe) : last))
        try CatalogViolation.unlessEqual(admission, .admitted(head, added: added), "\(after)…\(last)")
      }
      try CatalogViolation.unlessEqual(try await subject.log(of: scribe.writer), scribe.claims, "all, each once")
    },
    LedgerClause("whatFollowsSomethingThatIsNotHereIsAGap") { subject in
      var scribe = Scribe(1)
      for number in 1...6 { scribe.say(try .tag("v\(number)", "one"), at: subject.time(counter: Int64(number))) }
      let root = subject.notary.root(of: scribe.writer, in: .none)
      try CatalogViolation.unlessEqual(try await subject.admit(scribe, after: 3), .gap(root), "of an unknown writer")
      try await subject.admit(scribe, upTo: 2)
      try CatalogViolation.unlessEqual(
        try await subject.admit(scribe, after: 3), .gap(scribe.head(at: 2)), "of a known writer")
      try await subject.expectNothing(try Claim.Statement.tag("v4", nil).name, "a claim behind a gap")
    },
    LedgerClause("aRunMayHaveHolesWhereItsSenderHasShortenedTheLog") { subject in
      var scribe = Scribe(1)
      for number in 1...9 { scribe.say(try .tag("v\(number)", "one"), at: subject.time(counter: Int64(number))) }
      try await subject.admit(scribe, upTo: 2)
      guard let run = scribe.run(after: 1, without: [2, 3, 4, 7]) else { return }
      try CatalogViolation.unlessEqual(
        try await subject.ledger.admit(run), .admitted(scribe.head(), added: 4), "with holes")
      let here = try await subject.log(of: scribe.writer).map(\.body.sequence)
      try CatalogViolation.unlessEqual(here, [1, 2, 5, 6, 8, 9], "what is here")
      try CatalogViolation.unlessEqual(
        try await subject.admit(scribe), .admitted(scribe.head(), added: 0), "what others had dropped")
    },
    LedgerClause("anotherClaimUnderANumberThatIsHereIsAFork") { subject in
      let (scribe, liar) = try subject.scribesThatPartAfterOne()
      try await subject.admit(scribe)
      for (after, number) in [(0, 2), (1, 2), (2, 3), (3, 3)] as [(Int64, Int64)] {
        // The last of these only follows another claim than the one that is here.
        let admission = try await subject.admit(liar, after: after)
        try CatalogViolation.unlessEqual(admission, .forked(at: number), "from \(after)")
      }
      try CatalogViolation.unlessEqual(try await subject.log(of: scribe.writer), scribe.claims, "nothing was taken in")
      try await subject.expectNothing(try Claim.Statement.tag("v4", nil).name, "a tag of the forked log")
    },
    LedgerClause("whatIsNotReadIsKeptAndHandedOnAndCountsForNothing") { subject in
      let repository = try Sample.repository()
      var scribe = Scribe(1)
      scribe.say(try .tag("latest", "one"), at: subject.time())
      scribe.say(try .manifest("one"), at: subject.time(1))
      let odd: [(ClaimKind, [UInt8], [UInt8]?)] = [
        (.tag, Array("latest".utf8), [1, 2, 3]), (.tag, Array("not a tag".utf8), Digest.of("two").multihash),
        (.tag, [0xFF, 0xFE], nil), (.tag, Array("latest".utf8), []), (.manifest, Digest.of("one").multihash, [9]),
        (.manifest, Digest.of("one").multihash, []), (.manifest, [0x12], nil),
        (ClaimKind(rawValue: 77), Array("latest".utf8), nil), (ClaimKind(rawValue: .max), [0], [0]),
      ]
      for (at, (kind, key, value)) in odd.enumerated() {
        scribe.say(
          ClaimedName(repository: repository, kind: kind, key: key), value: value, at: subject.time(2 + Int64(at)))
      }
      try CatalogViolation.unlessEqual(
        try await subject.admit(scribe), .admitted(scribe.head(), added: odd.count + 2), "all of it")
      try CatalogViolation.unlessEqual(try await subject.log(of: scribe.writer), scribe.claims, "what is handed on")
      try await subject.expect(try .tag("latest", "one"), "what was said in words that are understood")
      try await subject.expect(try .manifest("one"), "what was said in words that are understood")
      try await subject.claim(try .tag("latest", "three"))
      try await subject.expect(try .tag("latest", "three"), "the node's own word")
    },
    LedgerClause("theLatestClaimStandsAndOfEqualClocksThatOfTheHigherWriter") { subject in
      var (low, high) = (Scribe(1), Scribe(200))
      high.say(try .tag("latest", "old"), at: subject.time(-10))
      low.say(try .tag("latest", "low"), at: subject.time())
      low.say(try .tag("gone", "low"), at: subject.time(1))
      try await subject.admit(low)
      try await subject.admit(high)
      try await subject.expect(try .tag("latest", "low"), "an earlier claim that came later")
      high.say(try .tag("latest", "high"), at: subject.time())
      high.say(try .tag("gone", nil), at: subject.time(1))
      try await subject.admit(high)
      try await subject.expect(try .tag("latest", "high"), "one of the same clock")
      try await subject.expectNothing(try Claim.Statement.tag("gone", nil).name, "a tombstone of the same clock")
      var middle = Scribe(100)
      middle.say(try .tag("latest", "middle"), at: subject.time())
      try await subject.admit(middle)
      try await subject.expect(try .tag("latest", "high"), "a lower writer of the same clock that came last")
    },
    LedgerClause("whatTheNodeSaysIsLaterThanAllThatCounts") { subject in
      var scribe = Scribe(255)
      scribe.say(try .tag("latest", "theirs"), at: subject.time(20_000))
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "theirs"), "a claim from within the fence")
      try await subject.claim(try .tag("latest", "mine"))
      try await subject.expect(try .tag("latest", "mine"), "the node's word after it")
      let own = try await subject.log(of: try await subject.ledger.writer())
      try CatalogViolation.unless(own.allSatisfy { $0.body.clock > scribe.claims[0].body.clock }, "it is not later")
    },
  ]
}

extension LedgerSubject {
  /// Two that write under one name and say the same first thing.
  fileprivate func scribesThatPartAfterOne() throws -> (Scribe, Scribe) {
    var scribe = Scribe(1)
    scribe.say(try .tag("v1", "one"), at: time())
    var liar = scribe
    for number: Int64 in 2...3 { scribe.say(try .tag("v\(number)", "one"), at: time(number)) }
    for number: Int64 in 2...4 { liar.say(try .tag("v\(number)", "two"), at: time(number)) }
    return (scribe, liar)
  }

  fileprivate func length(of scribe: Scribe) async throws -> Int64 {
    try await ledger.heads()[scribe.writer]?.sequence ?? 0
  }
}
