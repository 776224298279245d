import RegistryCore

extension ClaimLedgerContract {
  static let waiting = [
    LedgerClause("aClaimThatIsDatedAheadWaitsAndIsHandedOn") { subject in
      var scribe = Scribe(1)
      scribe.say(try .tag("latest", "now"), at: subject.time())
      scribe.say(try .tag("latest", "ahead"), at: subject.time(NameRules.fenceMilliseconds + 5_000))
      try CatalogViolation.unlessEqual(
        try await subject.admit(scribe), .admitted(scribe.head(), added: 2), "both are here")
      try CatalogViolation.unlessEqual(try await subject.log(of: scribe.writer), scribe.claims, "what is handed on")
      try await subject.expect(try .tag("latest", "now"), "before its time")
      try CatalogViolation.unlessEqual(try await subject.ledger.settleDue(), subject.time(5_000), "when to call again")

      try await subject.claim(try .tag("mine", "one"))
      let own = try await subject.log(of: try await subject.ledger.writer())
      try CatalogViolation.unless(
        own.allSatisfy { $0.body.clock < subject.time(1_000) }, "the node's clock was pulled forward")

      subject.moveClock(4_999)
      _ = try await subject.ledger.settleDue()
      try await subject.expect(try .tag("latest", "now"), "a moment before its time")
      subject.moveClock(1)
      try CatalogViolation.unlessEqual(try await subject.ledger.settleDue(), nil, "nothing waits any more")
      try await subject.expect(try .tag("latest", "ahead"), "in its time")
    },
    LedgerClause("whatIsDueCountsBeforeTheNodeSpeaksAgain") { subject in
      var scribe = Scribe(255)
      scribe.say(try .tag("latest", "ahead"), at: subject.time(NameRules.fenceMilliseconds + 1))
      try await subject.admit(scribe)
      subject.moveClock(1)
      try await subject.claim(try .tag("latest", "mine"))
      _ = try await subject.ledger.settleDue()
      try await subject.expect(try .tag("latest", "mine"), "what was said last")
    },
    LedgerClause("aNodeWhoseClockIsKnownToBeLateLetsCountWhatIsDueByItsMembers") { subject in
      var scribe = Scribe(1)
      scribe.say(try .tag("latest", "now"), at: subject.time())
      scribe.say(try .tag("latest", "next"), at: subject.time(3_600_000))
      scribe.say(try .tag("latest", "ahead"), at: subject.time(3_600_000 + NameRules.fenceMilliseconds + 5_000))
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "now"), "before anybody knows")
      try await subject.ledger.correctClock(by: 3_600_000)
      try await subject.expect(try .tag("latest", "next"), "what waited and is due")
      try CatalogViolation.unlessEqual(try await subject.ledger.settleDue(), subject.time(5_000), "when to call again")
      var other = Scribe(2)
      other.say(try .tag("other", "one"), at: subject.time(3_600_000 + 1))
      try await subject.admit(other)
      try await subject.expect(try .tag("other", "one"), "what comes then")
      try await subject.ledger.correctClock(by: 0)
      try await subject.expect(try .tag("latest", "next"), "what counted already")
      subject.moveClock(3_600_000)
      try await subject.claim(try .tag("latest", "mine"))
      try await subject.expect(try .tag("latest", "mine"), "what was said when the clock was set")
    },
    LedgerClause("aClockThatIsSetRightBeforeTheLedgerIsToldLetsNothingCountThatIsNotDue") { subject in
      try await subject.ledger.correctClock(by: 3_600_000)
      subject.moveClock(3_600_000)
      var scribe = Scribe(1)
      scribe.say(try .tag("latest", "now"), at: subject.time())
      scribe.say(try .tag("latest", "ahead"), at: subject.time(1_800_000))
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "now"), "by the members' clocks")
    },
    LedgerClause("aNodeWhoseClockIsKnownToBeAheadWaitsForWhatIsNotDueByItsMembers") { subject in
      try await subject.ledger.correctClock(by: -3_600_000)
      var scribe = Scribe(1)
      scribe.say(try .tag("latest", "now"), at: subject.time(-3_600_000))
      scribe.say(try .tag("latest", "ahead"), at: subject.time())
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "now"), "by the members' clocks")
    },
    LedgerClause("whatWasSaidFarAheadAndIsSaidAgainIsDatedNowAndSoIsWhatFollows") { subject in
      try await subject.claim(try .tag("early", "one"))
      subject.moveClock(7_200_000)
      try await subject.claim(try .tag("latest", "one"))
      try await subject.claim(try .tag("latest", "two"))
      subject.moveClock(-7_200_000)
      let old = try await subject.ledger.writer()
      let stretch = ClaimStretch(writer: old, after: 1, through: .max)
      let new = try await subject.ledger.beginEpoch(above: 0, restating: stretch)
      var rules = NameRules()
      rules.limits[old] = 1
      try await subject.ledger.apply(rules)
      try await subject.claim(try .tag("later", "three"))
      let said = try await subject.log(of: new)
      try CatalogViolation.unlessEqual(said.count, 3, "what was said again, and what follows")
      try CatalogViolation.unless(said.allSatisfy { $0.body.clock < subject.time(1_000) }, "dated ahead")
      try await subject.expect(try .tag("latest", "two"), "the last word")
      var scribe = Scribe(1)
      scribe.say(try .tag("latest", "others"), at: subject.time(1_000))
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "others"), "a later word of another")
    },
    LedgerClause("aWallClockThatIsSetBackTakesNothingBack") { subject in
      var (one, two) = (Scribe(1), Scribe(2))
      one.say(try .tag("latest", "one"), at: subject.time(20_000))
      try await subject.admit(one)
      subject.moveClock(-100_000)
      two.say(try .tag("latest", "two"), at: subject.time(110_000))
      try await subject.admit(two)
      _ = try await subject.ledger.settleDue()
      try await subject.expect(try .tag("latest", "one"), "what counted already")
      try await subject.claim(try .tag("latest", "mine"))
      try await subject.expect(try .tag("latest", "mine"), "what was said last")
    },
  ]

  static let ruling = [
    LedgerClause("whatALimitCutsOffDoesNotCountAndCountsAgainWithoutIt") { subject in
      var scribe = Scribe(9)
      for number: Int64 in 1...4 { scribe.say(try .tag("latest", "\(number)"), at: subject.time(number)) }
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "4"), "without rules")
      var rules = NameRules()
      rules.limits[scribe.writer] = 2
      try await subject.ledger.apply(rules)
      try await subject.expect(try .tag("latest", "2"), "with a limit of two")
      scribe.say(try .tag("latest", "5"), at: subject.time(5))
      try await subject.admit(scribe)
      try await subject.expect(try .tag("latest", "2"), "what came behind the limit")
      rules.limits = [:]
      rules.removed = [scribe.writer.node]
      try await subject.ledger.apply(rules)
      try await subject.expectNothing(try Claim.Statement.tag("latest", nil).name, "a node that was removed")
      try await subject.ledger.apply(NameRules())
      try await subject.expect(try .tag("latest", "5"), "without rules again")
    },
    LedgerClause("onlyThoseWriteARepositoryWhomTheRulesName") { subject in
      var (one, two) = (Scribe(1), Scribe(2))
      one.say(try .tag("latest", "one"), at: subject.time())
      two.say(try .tag("latest", "two"), at: subject.time(1))
      two.say(try .tag("latest", "two", in: "other"), at: subject.time(2))
      var rules = NameRules()
      rules.writers = [
        NameRules.Writers(repositories: PublicPatterns(["team/**"]), nodes: [one.writer.node, subject.node])
      ]
      try await subject.admit(two)
      try await subject.ledger.apply(rules)
      try await subject.expectNothing(try Claim.Statement.tag("latest", nil).name, "a stranger's tag")
      try await subject.admit(one)
      try await subject.expect(try .tag("latest", "one"), "of the two who wrote")
      try await subject.expect(try .tag("latest", "two", in: "other"), "another repository")
      try await subject.claim(try .tag("latest", "mine"))
      try await subject.expect(try .tag("latest", "mine"), "the node itself may")
    },
    LedgerClause("anImmutableTagKeepsWhatItNamedFirst") { subject in
      var (one, two) = (Scribe(1), Scribe(2))
      two.say(try .tag("v1", "second"), at: subject.time(5))
      two.say(try .tag("v1", nil), at: subject.time(6))
      one.say(try .tag("v1", "first"), at: subject.time(4))
      one.say(try .manifest("first"), at: subject.time(5))
      one.say(try .manifest("first", size: nil), at: subject.time(6))
      var rules = NameRules()
      rules.immutableTags = PublicPatterns(["team/*"])
      try await subject.ledger.apply(rules)
      try await subject.admit(two)
      try await subject.expect(try .tag("v1", "second"), "the first that came")
      try await subject.admit(one)
      try await subject.expect(try .tag("v1", "first"), "the first that was said")
      try await subject.expectNothing(try Claim.Statement.manifest("first").name, "manifests may go")
      try await subject.ledger.apply(NameRules())
      try await subject.expectNothing(try Claim.Statement.tag("v1", nil).name, "without rules")
    },
    LedgerClause("anImmutableTagKeepsWhatItNamedWhenItBecameSo") { subject in
      var (one, two) = (Scribe(1), Scribe(2))
      one.say(try .tag("moved", "first"), at: subject.time(1))
      one.say(try .tag("moved", "second"), at: subject.time(2))
      one.say(try .tag("deleted", "first"), at: subject.time(3))
      one.say(try .tag("deleted", nil), at: subject.time(4))
      one.say(try .tag("again", "first"), at: subject.time(5))
      one.say(try .tag("again", nil), at: subject.time(6))
      for (round, target) in (["third", nil, "fourth"] as [String?]).enumerated() {
        for (place, name) in ["moved", "again", "new"].enumerated() {
          two.say(try .tag(name, target), at: subject.time(Int64(10 + round * 10 + place)))
        }
      }
      var rules = NameRules()
      rules.immutableTags = PublicPatterns(["team/*"])
      rules.immutableSince = [.init(repositories: rules.immutableTags, since: subject.time(10).milliseconds)]
      try await subject.admit(two)
      try await subject.ledger.apply(rules)
      try await subject.expect(try .tag("moved", "third"), "before the earlier ones came")
      try await subject.admit(one)
      try await subject.expect(try .tag("moved", "second"), "what it named then")
      try await subject.expectNothing(try Claim.Statement.tag("deleted", nil).name, "what was deleted by then")
      try await subject.expect(try .tag("again", "third"), "the first after a deletion")
      try await subject.expect(try .tag("new", "third"), "the first of all")
    },
    LedgerClause("theSameRulesAgainChangeNothing") { subject in
      try await subject.claim(try .tag("latest", "one"))
      var rules = NameRules()
      rules.immutableTags = PublicPatterns(["**"])
      for _ in 0..<2 {
        try await subject.ledger.apply(rules)
        try await subject.expect(try .tag("latest", "one"), "with the rules")
      }
    },
  ]
}
