import RegistryCore

extension ClaimLedgerContract {
  private static let day: Int64 = 24 * 60 * 60 * 1_000

  /// A log of which much can go: a tag that moved often long ago, one that was deleted long ago, and one young claim.
  private static func scribe(_ subject: LedgerSubject) throws -> Scribe {
    var scribe = Scribe(1)
    for number in 1...25 {
      scribe.say(try .tag("moved", "\(number)"), at: subject.time(-200 * day, counter: Int64(number)))
    }
    scribe.say(try .tag("deleted", "1"), at: subject.time(-150 * day))
    scribe.say(try .tag("deleted", nil), at: subject.time(-140 * day))
    scribe.say(try .tag("before", "1"), at: subject.time(-130 * day))
    scribe.say(try .tag("before", nil), at: subject.time(-120 * day))
    scribe.say(try .tag("young", "1"), at: subject.time(-1))
    return scribe
  }

  static let shortening = [
    LedgerClause("shorteningDropsWhatLostLongAgoAndChangesNoState") { subject in
      let scribe = try scribe(subject)
      try await subject.admit(scribe)
      let shortened = try await subject.ledger.shortenLog(to: ClaimRetention(), forgetting: .all)
      // Five that the tag named before its last twenty, and what the two deletions beat; the one right before a young
      // claim would stay, but stands anyway.
      try CatalogViolation.unlessEqual(shortened.dropped, 7, "dropped")
      try CatalogViolation.unlessEqual(
        try await subject.numbers(of: scribe.writer), Array(6...25) + [27, 29, 30], "what is left")
      try await subject.expect(try .tag("moved", "25"), "a tag that moved")
      for text in ["deleted", "before"] {
        try await subject.expectNothing(try Claim.Statement.tag(text, nil).name, text)
      }
      try CatalogViolation.unlessEqual(
        try await subject.ledger.heads()[scribe.writer], scribe.head(), "where the log ends")
    },
    LedgerClause("aDeletionGoesAfterWhatItBeatAndOnlyIfItMayBeForgotten") { subject in
      let scribe = try scribe(subject)
      try await subject.admit(scribe)
      let lone = ClaimNumber(writer: scribe.writer, sequence: 27)
      for (forgettable, expected, left) in [
        (.only([lone]), [], [27, 29, 30]), (.only([]), [lone], [27, 29, 30]), (.only([lone]), [], [29, 30]),
        (.all, [], [29, 30]),
      ] as [(Forgettable, [ClaimNumber], [Int64])] {
        let shortened = try await subject.ledger.shortenLog(to: ClaimRetention(), forgetting: forgettable)
        try CatalogViolation.unlessEqual(shortened.lone, expected, "what is left alone")
        let seen = try await subject.numbers(of: scribe.writer)
        try CatalogViolation.unlessEqual(seen, Array(6...25) + left, "what is left when \(forgettable) may go")
      }
      try await subject.expectNothing(try Claim.Statement.tag("deleted", nil).name, "what was deleted")
    },
    LedgerClause("theLastClaimThatCountsStays") { subject in
      let scribe = try scribe(subject)
      try await subject.admit(scribe)
      var rules = NameRules()
      rules.limits[scribe.writer] = 3
      try await subject.ledger.apply(rules)
      _ = try await subject.ledger.shortenLog(to: ClaimRetention(), forgetting: .all)
      let left = try await subject.log(of: scribe.writer).map(\.body.sequence)
      try CatalogViolation.unless(left.contains(3) && left.contains(30), "what is left: \(left)")
    },
  ]
}

extension LedgerSubject {
  fileprivate func numbers(of writer: WriterID) async throws -> [Int64] {
    try await log(of: writer).map(\.body.sequence)
  }
}
