import RegistryCore

extension ClaimLedgerContract {
  private static let day: Int64 = 24 * 60 * 60 * 1_000

  /// A log of which much can go: a tag that moved often long ago, one that was deleted long ago, and one young claim.
  private static func scribe(_ subject: LedgerSubject) throws -> Scribe {
    var scribe = Scribe(1)
    for number in 1...25 { scribe.say(try .tag("moved", "\(number)"), at: subject.time(-200 * day, counter: Int64(number))) }
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
      let dropped = try await subject.ledger.shortenLog(to: ClaimRetention(), shared: .all)
      // Five that the tag named before its last twenty, and a deletion with what it beat; not the one right before a
      // young claim, nor what that one beats.
      try CatalogViolation.unlessEqual(dropped, 8, "dropped")
      let left = try await subject.log(of: scribe.writer).map(\.body.sequence)
      try CatalogViolation.unlessEqual(left, Array(6...25) + [29, 30], "what is left")
      try await subject.expect(try .tag("moved", "25"), "a tag that moved")
      for text in ["deleted", "before"] { try await subject.expectNothing(try Claim.Statement.tag(text, nil).name, text) }
      try CatalogViolation.unlessEqual(
        try await subject.ledger.heads()[scribe.writer], scribe.head(), "where the log ends")
      let again = try await subject.ledger.shortenLog(to: ClaimRetention(), shared: .all)
      try CatalogViolation.unlessEqual(again, 0, "dropped a second time")
    },
    LedgerClause("aDeletionThatNotEveryMemberKnowsOfStays") { subject in
      let scribe = try scribe(subject)
      try await subject.admit(scribe)
      for (shared, left) in [
        (SharedClaims.upTo([:]), Array(6...30)), (.upTo([scribe.writer: 26]), Array(6...30)),
        (.upTo([scribe.writer: 27]), Array(6...25) + [28, 29, 30]),
      ] as [(SharedClaims, [Int64])] {
        _ = try await subject.ledger.shortenLog(to: ClaimRetention(), shared: shared)
        let seen = try await subject.log(of: scribe.writer).map(\.body.sequence)
        try CatalogViolation.unlessEqual(seen, left, "what is left of what \(shared) have")
      }
    },
    LedgerClause("theLastClaimThatCountsStays") { subject in
      let scribe = try scribe(subject)
      try await subject.admit(scribe)
      var rules = NameRules()
      rules.limits[scribe.writer] = 3
      try await subject.ledger.apply(rules)
      _ = try await subject.ledger.shortenLog(to: ClaimRetention(), shared: .all)
      let left = try await subject.log(of: scribe.writer).map(\.body.sequence)
      try CatalogViolation.unless(left.contains(3) && left.contains(30), "what is left: \(left)")
    },
  ]
}
