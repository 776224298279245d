import RegistryCore

extension ClaimLedgerContract {
  private static func fleet(_ byte: UInt8) throws -> FleetID {
    guard let fleet = FleetID([UInt8](repeating: byte, count: FleetID.byteCount)) else {
      throw CatalogViolation(description: "a fleet's id")
    }
    return fleet
  }

  static let beginning = [
    LedgerClause("aNewEpochBeginsANewLogAndTheOldOneStays") { subject in
      try await subject.claim(try .tag("latest", "one"))
      let old = try await subject.ledger.writer()
      let new = try await subject.ledger.beginEpoch()
      try CatalogViolation.unless(new.epoch > old.epoch && new.node == old.node, "\(new) after \(old)")
      try CatalogViolation.unlessEqual(try await subject.ledger.writer(), new, "who writes")
      try await subject.expect(try .tag("latest", "one"), "what was said before")
      try await subject.claim(try .tag("latest", "two"))
      try await subject.expect(try .tag("latest", "two"), "what was said after")
      try CatalogViolation.unlessEqual(try await subject.log(of: new).map(\.body.sequence), [1], "the new log")
      try CatalogViolation.unlessEqual(try await subject.log(of: old).map(\.body.sequence), [1], "the old log")
    },
    LedgerClause("aNewEpochIsAboveEveryOneThatIsKnown") { subject in
      let lost = WriterID(node: subject.node, epoch: try await subject.ledger.writer().epoch + 1_000_000)
      var scribe = Scribe(lost)
      scribe.say(try .tag("latest", "lost"), at: subject.time())
      try await subject.admit(scribe)
      let new = try await subject.ledger.beginEpoch()
      try CatalogViolation.unless(new.epoch > lost.epoch, "\(new.epoch) after \(lost.epoch)")
    },
    LedgerClause("claimsOfTheNodesOwnThatComeBackAreGoneOnBehind") { subject in
      try await subject.claim(try .tag("latest", "one"))
      let writer = try await subject.ledger.writer()
      guard let run = try await subject.ledger.run(of: writer, after: 0, byteLimit: .max) else { return }
      var lost = Scribe(after: run)
      lost.say(try .tag("latest", "two"), at: subject.time(100))
      let admission = try await subject.admit(lost, after: 1)
      try CatalogViolation.unlessEqual(admission, .admitted(lost.head(), added: 1), "what the disk had lost")
      try await subject.claim(try .tag("latest", "three"))
      try await subject.expect(try .tag("latest", "three"), "what was said last")
      try CatalogViolation.unlessEqual(try await subject.log(of: writer).map(\.body.sequence), [1, 2, 3], "the log")
    },
  ]

  static let rebasing = [
    LedgerClause("aRebasedLogSaysTheSameInTheChainOfTheFleet") { subject in
      let fleet = try fleet(3)
      for (tag, target) in [("a", "one"), ("a", "two"), ("b", "one"), ("b", nil), ("c", "one")] {
        try await subject.claim(try .tag(tag, target))
      }
      let before = try await subject.log(of: try await subject.ledger.writer())
      var scribe = Scribe(200)
      scribe.say(try .tag("a", "theirs"), at: subject.time(10_000))
      scribe.say(try .tag("d", "theirs"), at: subject.time(10_001))
      try await subject.admit(scribe)

      let writer = try await subject.ledger.rebase(onto: fleet, restating: [], dropping: [])
      try CatalogViolation.unless(writer.epoch > before[0].body.writer.epoch, "the epoch is not new")
      try CatalogViolation.unlessEqual(try await subject.ledger.writer(), writer, "who writes")
      try CatalogViolation.unlessEqual(
        try await subject.ledger.heads().keys.map(\.epoch), [writer.epoch], "whose logs are here")
      let after = try await subject.log(of: writer, in: fleet)
      try CatalogViolation.unlessEqual(after.map(\.body.name), before.map(\.body.name), "what is spoken of")
      try CatalogViolation.unlessEqual(after.map(\.body.value), before.map(\.body.value), "what is said")
      try CatalogViolation.unlessEqual(after.map(\.body.clock), before.map(\.body.clock), "when")
      try await subject.expect(try .tag("a", "two"), "what the node said itself")
      try await subject.expectNothing(try Claim.Statement.tag("d", nil).name, "what only another said")

      try await subject.claim(try .tag("c", "three"))
      try CatalogViolation.unlessEqual(try await subject.log(of: writer, in: fleet).count, 6, "it goes on")
      var member = Scribe(1, in: fleet)
      member.say(try .tag("c", "four"), at: subject.time(20_000))
      try CatalogViolation.unlessEqual(
        try await subject.admit(member), .admitted(member.head(), added: 1), "a member's log")
    },
    LedgerClause("whatIsRestatedIsSaidOnceMoreNowAndWhatIsDroppedIsNot") { subject in
      for (tag, target) in [("keep", "one"), ("keep", "two"), ("drop", "one"), ("gone", "one"), ("gone", nil)] {
        try await subject.claim(try .tag(tag, target))
      }
      let last = try await subject.log(of: try await subject.ledger.writer()).last?.body.clock
      subject.moveClock(1_000)
      let names = try ["keep", "gone", "never"].map { try Claim.Statement.tag($0, nil).name }
      let fleet = try fleet(4)
      let writer = try await subject.ledger.rebase(
        onto: fleet, restating: Set(names), dropping: [try Claim.Statement.tag("drop", nil).name])
      let claims = try await subject.log(of: writer, in: fleet)
      try CatalogViolation.unlessEqual(claims.count, 6, "four that were carried over, two that were said again")
      try CatalogViolation.unless(
        claims.suffix(2).allSatisfy { $0.body.clock >= subject.time() }, "they are not dated now")
      try CatalogViolation.unless(claims.prefix(4).allSatisfy { $0.body.clock <= last ?? $0.body.clock }, "the others")
      try CatalogViolation.unlessEqual(Set(claims.suffix(2).map(\.body.name)), Set(names.prefix(2)), "what of")
      try await subject.expect(try .tag("keep", "two"), "what was restated")
      try await subject.expectNothing(names[1], "a tombstone that was restated")
      try await subject.expectNothing(try Claim.Statement.tag("drop", nil).name, "what was dropped")
    },
    LedgerClause("whatIsRestatedIsTheWordThatStandsWhoeverSaidIt") { subject in
      let names = try ["theirs", "moved", "removed"].map { try Claim.Statement.tag($0, nil).name }
      for tag in ["moved", "removed"] { try await subject.claim(try .tag(tag, "mine")) }
      var scribe = Scribe(200)
      scribe.say(try .tag("theirs", "one"), at: subject.time(10_000))
      scribe.say(try .tag("moved", "two"), at: subject.time(10_001))
      scribe.say(try .tag("removed", nil), at: subject.time(10_002))
      try await subject.admit(scribe)
      let fleet = try fleet(7)
      let writer = try await subject.ledger.rebase(
        onto: fleet, restating: Set(names.prefix(2)), dropping: [names[2]])
      try CatalogViolation.unlessEqual(try await subject.log(of: writer, in: fleet).count, 3, "the log")
      try await subject.expect(try .tag("theirs", "one"), "what another said")
      try await subject.expect(try .tag("moved", "two"), "what another said later")
      try await subject.expectNothing(names[2], "what another removed")
    },
    LedgerClause("allEpochsOfTheNodeAreRebasedInTheOrderOfTheirClocks") { subject in
      for number in 1...4 {
        try await subject.claim(try .tag("latest", "\(number)"))
        subject.moveClock(10)
        if number.isMultiple(of: 2) { _ = try await subject.ledger.beginEpoch() }
      }
      for byte: UInt8 in [5, 6] {
        let fleet = try fleet(byte)
        let writer = try await subject.ledger.rebase(onto: fleet, restating: [], dropping: [])
        let values = try await subject.log(of: writer, in: fleet).map(\.body.value)
        try CatalogViolation.unlessEqual(
          values, (1...4).map { Digest.of("\($0)").multihash }, "what was said, in its order")
        try CatalogViolation.unlessEqual(try await subject.ledger.heads().count, 1, "logs")
        try await subject.expect(try .tag("latest", "4"), "the last word")
      }
    },
  ]
}
