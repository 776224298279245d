import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct MachineMembersTests {
  private func greeting(_ bench: MachineBench, wall: Int64, suspicions: [Suspicion] = []) -> Greeting {
    var greeting = bench.machine.greeting
    (greeting.wall, greeting.suspicions) = (wall, suspicions)
    return greeting
  }

  @Test func aNodeWhoseClockIsOffDoesNotWrite() {
    var bench = MachineBench()
    var effects = bench.start(clocksAhead: 15_000)
    for number in 1..<4 as Range<Int64> {
      let round = bench.feed(.woke, after: 2500)
      for ask in round.asks where ask.message == .exchange(bench.machine.greeting) {
        effects += bench.feed(.answered(ask.token, .exchange(greeting(bench, wall: bench.wall + 15_000 + number))))
      }
    }
    // Said once, though each member's answer came out a little different.
    #expect(effects.gates == [.clockOff(milliseconds: 15_000)])
    #expect(bench.machine.gate != .clockOff(milliseconds: 15_000))
  }

  @Test func whatIsDueFollowsTheClockInWhichEnoughMembersAgree() {
    // Three tell the time at start, of seven others: four must agree.
    var bench = MachineBench()
    var effects = bench.start(clocksAhead: 3_600_000)
    #expect(bench.machine.gate == .clockOff(milliseconds: 3_600_000) && effects.corrections.isEmpty)
    effects += bench.exchange(clocksAhead: 3_600_000)
    #expect(effects.corrections == [3_600_000])
    bench.wallOffset = 3_600_000
    let set = bench.feed(.woke, after: 1)
    #expect(set.corrections == [0] && set.gates == [.open], "set right, and known at once")
  }

  @Test func aClockThatIsSetBackBetweenTwoInputsDoesNotMakeTheOwnLogLookAhead() throws {
    var bench = MachineBench(members: 2)
    bench.start()
    #expect(bench.machine.gate == .open)
    var chain = bench.chain(0)
    chain.say("one", at: bench.wall)
    bench.wallOffset = -7_200_000
    let effects = bench.feed(.wrote(try #require(chain.run())))
    #expect(effects.epochs == 0 && effects.notices.isEmpty)
    #expect(effects.gates == [.clockOff(milliseconds: 7_200_000)])
  }

  @Test func ofTwoOthersBothMustAgreeAboutTheTimeAndOneAloneIsNotBelieved() {
    for (members, corrections) in [(2, []), (3, [-20_000])] as [(Int, [Int64])] {
      var bench = MachineBench(members: members)
      var effects = bench.start(clocksAhead: -20_000)
      effects += bench.exchange(clocksAhead: -20_000)
      #expect(effects.corrections == corrections && bench.machine.gate == .clockOff(milliseconds: -20_000))
    }
  }

  @Test func aClockThatJumpsIsNoticedAtOnceAlsoWhenNobodyIsHeard() {
    var bench = MachineBench(members: 3)
    bench.start()
    #expect(bench.machine.gate == .open)
    bench.time += FleetLimits.clockSampleMilliseconds * 10
    bench.wallOffset = 7_200_000
    #expect(bench.feed(.woke).gates == [.clockOff(milliseconds: -7_200_000)])
    bench.wallOffset = 0
    #expect(bench.feed(.woke, after: 1).gates == [.open])
  }

  @Test func anExchangeThatLeavesNothingOpenMakesFresh() throws {
    var bench = MachineBench()
    bench.start()
    #expect(bench.machine.freshAt == nil)
    let seen1 = bench.feed(.woke, after: 2500)
    let ask = try #require(seen1.asks.first)
    _ = bench.feed(.answered(ask.token, .exchange(greeting(bench, wall: bench.wall))), after: 40)
    #expect(bench.machine.freshAt == 2500)
  }

  /// Who has moved while all were in doubt to it told nobody, and nobody finds it where it was.
  @Test func whoKnowsOtherCardsIsShownThisNodesOwn() throws {
    var bench = MachineBench()
    bench.start()
    let own = try #require(bench.machine.cards[bench.machine.node])
    let asks = bench.feed(.woke, after: 2500).asks
    try #require(asks.count == 2)
    var other = greeting(bench, wall: bench.wall)
    #expect(bench.feed(.answered(asks[0].token, .exchange(other))).pushes.isEmpty)
    let second = asks[1]
    other.cards = try #require(DirectoryDigest(bytes: [UInt8](repeating: 9, count: 16)))
    let pushes = bench.feed(.answered(second.token, .exchange(other))).pushes
    #expect(pushes.map(\.peer) == [second.peer] && pushes.map(\.gossip) == [Gossip(cards: [own])])
  }

  @Test func whoWaitsForTheLatestHasMembersAskedAtOnceAndNotTwice() {
    var bench = MachineBench()
    bench.start()
    let asks = bench.feed(.refresh).asks
    #expect(asks.count == FleetLimits.refreshPeers && Set(asks.map(\.peer)).count == FleetLimits.refreshPeers)
    #expect(asks.allSatisfy { $0.message == .exchange(bench.machine.greeting) })
    #expect(bench.feed(.refresh, after: 1).asks.isEmpty)
    _ = bench.feed(.answered(asks[0].token, .exchange(greeting(bench, wall: bench.wall))), after: 1)
    #expect(bench.machine.freshAt == 0)
  }

  @Test func whoIsAloneAsksThoseInDoubtForTheLatest() {
    var bench = MachineBench(members: 2)
    bench.start()
    let lost = bench.feed(.refresh).asks
    #expect(lost.count == 1)
    for ask in lost { _ = bench.feed(.unanswered(ask.token)) }
    #expect(bench.machine.state(of: bench.notaries[1].node) == .suspected)
    _ = bench.feed(.woke, after: FleetLimits.refreshPauseMilliseconds)
    let again = bench.feed(.refresh).asks
    #expect(again.map(\.peer) == [bench.notaries[1].node])
  }

  @Test func whoAnswersNobodyIsSuspected() throws {
    var bench = MachineBench()
    bench.start()
    let seen2 = bench.feed(.woke, after: 2500)
    let ask = try #require(seen2.asks.first)
    let probes = bench.feed(.unanswered(ask.token)).asks.filter { $0.message == .probe(ask.peer) }
    #expect(probes.count == FleetLimits.indirectProbes)
    _ = bench.feed(.answered(probes[0].token, .probed(false)))
    #expect(bench.machine.state(of: ask.peer) == .alive)
    _ = bench.feed(.unanswered(probes[1].token))
    #expect(bench.machine.state(of: ask.peer) == .suspected)
    let place = try #require(bench.notaries.firstIndex { $0.node == ask.peer })
    _ = bench.asked(by: place, .ownHeads)
    #expect(bench.machine.state(of: ask.peer) == .alive)
  }

  @Test func aMemberIsProbedOnBehalfOfAnother() throws {
    var bench = MachineBench()
    bench.start()
    let target = bench.notaries[3].node
    let effects = bench.asked(by: 1, .probe(target))
    let ask = try #require(effects.asks.first { $0.peer == target })
    #expect(effects.replies.isEmpty)
    let seen3 = bench.feed(.answered(ask.token, .exchange(greeting(bench, wall: 0))))
    #expect(seen3.replies == [.probed(true)])
    let seen4 = bench.asked(by: 1, .probe(target))
    let again = try #require(seen4.asks.first { $0.peer == target })
    let late = bench.feed(.woke, after: FleetLimits.askMilliseconds)
    #expect(late.replies == [.probed(false)])
    let seen5 = bench.feed(.answered(again.token, .taken))
    #expect(seen5.replies.isEmpty)
  }

  @Test func aSuspicionOfItselfIsRefutedByALaterCard() throws {
    var bench = MachineBench()
    bench.start()
    let suspicion = Suspicion(node: bench.machine.node, incarnation: 1)
    let effects = bench.asked(by: 1, .exchange(greeting(bench, wall: bench.wall, suspicions: [suspicion])))
    let cards = effects.pushes.flatMap(\.gossip.cards)
    #expect(cards.count == FleetLimits.fanout && cards.allSatisfy { $0.incarnation == 2 })
    let again = bench.asked(by: 2, .exchange(greeting(bench, wall: bench.wall, suspicions: [suspicion])))
    #expect(again.pushes.isEmpty)
    let liar = Suspicion(node: bench.machine.node, incarnation: 1 << 40)
    _ = bench.asked(by: 2, .exchange(greeting(bench, wall: bench.wall, suspicions: [liar])))
    #expect(bench.machine.cards[bench.machine.node]?.incarnation == 2, "of a card that nobody has shown")
  }

  private func own(_ bench: MachineBench) throws -> MemberCard { try #require(bench.machine.cards[bench.machine.node]) }

  @Test func whatATwinSaysOfThisNodeIsContradictedAndNotAtFullSpeed() throws {
    var bench = MachineBench()
    bench.start()
    let (name, addresses) = (try own(bench).draft.name, try own(bench).draft.addresses)
    func isAsItWas(_ card: MemberCard) -> Bool { card.draft.name == name && card.draft.addresses == addresses }
    let effects = bench.asked(by: 1, .push(Gossip(cards: [try #require(bench.twinsCard(incarnation: 10))])))
    let told = effects.pushes.flatMap(\.gossip.cards).filter { $0.incarnation == 11 }
    #expect(told.count == FleetLimits.fanout && told.allSatisfy(isAsItWas))
    #expect(try own(bench).incarnation == 11 && isAsItWas(try own(bench)))

    // The twin does the same: its word stands until some seconds are over.
    _ = bench.asked(by: 2, .push(Gossip(cards: [try #require(bench.twinsCard(incarnation: 12))])))
    #expect(try own(bench).incarnation == 12 && !isAsItWas(try own(bench)))
    _ = bench.feed(.woke, after: FleetLimits.introductionMilliseconds - 1)
    #expect(try own(bench).incarnation == 12)
    _ = bench.feed(.woke, after: 1)
    #expect(try own(bench).incarnation == 13 && isAsItWas(try own(bench)))
    _ = bench.feed(.woke, after: FleetLimits.introductionMilliseconds * 2)
    #expect(try own(bench).incarnation == 13, "nobody says otherwise")
  }

  @Test func aSuspicionUnderATwinsCardIsRefutedWithThisNodesOwn() throws {
    var bench = MachineBench()
    bench.start()
    let addresses = try own(bench).draft.addresses
    for incarnation in [10, 12] as [Int64] {
      _ = bench.asked(by: 1, .push(Gossip(cards: [try #require(bench.twinsCard(incarnation: incarnation))])))
    }
    let suspicion = Suspicion(node: bench.machine.node, incarnation: 12)
    _ = bench.asked(by: 1, .exchange(greeting(bench, wall: bench.wall, suspicions: [suspicion])))
    #expect(try own(bench).incarnation == 13 && own(bench).draft.addresses == addresses)
  }

  @Test func whatANodeSaysAnewOfItselfIsNotContradicted() throws {
    var bench = MachineBench()
    bench.start()
    let moved = try #require(bench.twinsCard(incarnation: 10))
    #expect(bench.feed(.introduced(moved)).pushes.flatMap(\.gossip.cards).contains(moved))
    _ = bench.feed(.woke, after: FleetLimits.introductionMilliseconds * 2)
    #expect(try own(bench) == moved)
  }

  @Test func whoIsRemovedIsAskedAndHeardNoMore() throws {
    var bench = MachineBench(members: 3)
    bench.start()
    let removed = bench.notaries[2].node
    let draft = try bench.machine.directory.removal(of: removed, lastTaken: [:], by: bench.machine.node, at: 0)
    let record = try #require(FleetRecord(draft, signature: bench.fleetNotary.sign(draft.signedBytes)))
    let effects = bench.feed(.issued(DirectoryNews(records: [record])))
    #expect(effects.pushes.map(\.peer) == [bench.notaries[1].node])
    var chain = bench.chain(2)
    chain.say("late")
    let seen6 = bench.pushed(by: 2, chain.run())
    #expect(seen6.replies == [.push(Gossip(news: DirectoryNews(records: [record])))] && seen6.admitted.isEmpty)
    let seen7 = bench.pushed(by: 1, chain.run())
    #expect(seen7.admitted.isEmpty, "nor from another")
  }

  @Test func morePullsThanMayWaitAreToldSo() {
    var bench = MachineBench()
    bench.start()
    let want = Want(writer: bench.writer, after: 0)
    var replies: [FleetMessage] = []
    for _ in 0..<FleetLimits.waitingReplies + 3 { replies += bench.asked(by: 1, .pull([want])).replies }
    #expect(replies == [.busy, .busy, .busy])
  }

  @Test func whatALaterReleaseAsksIsAnswered() {
    var bench = MachineBench()
    bench.start()
    let seen8 = bench.asked(by: 1, .unknown)
    #expect(seen8.replies == [.unsupported])
    let seen9 = bench.asked(by: 1, .taken)
    #expect(seen9.replies == [.unsupported])
  }
}

/// Who is put out, as it and the others see it.
@Suite struct MachineRemovalTests {
  private static func removal(of place: Int, in bench: MachineBench) throws -> FleetRecord {
    let draft = try bench.machine.directory.removal(
      of: bench.notaries[place].node, lastTaken: [1: 0], by: bench.machine.node, at: bench.wall)
    return try #require(FleetRecord(draft, signature: bench.fleetNotary.sign(draft.signedBytes)))
  }

  @Test func whoWasRemovedIsToldThatAndNothingElse() throws {
    var bench = MachineBench()
    bench.start()
    let removal = try Self.removal(of: 3, in: bench)
    _ = bench.feed(.issued(DirectoryNews(records: [removal])))
    let farewell = FleetMessage.push(Gossip(news: DirectoryNews(records: [removal])))
    #expect(bench.asked(by: 3, .ownHeads).replies == [farewell])
    #expect(bench.asked(by: 3, .pull([Want(writer: bench.writer, after: 0)])).replies == [farewell])
    #expect(bench.asked(by: 3, .push(Gossip())).replies == [farewell])
    #expect(bench.asked(by: 4, .ownHeads).replies != [farewell])
  }

  @Test func aNodeThatIsTurnedAwayKnowsThatItIsAStrangerAndFallsSilent() throws {
    var bench = MachineBench()
    bench.start()
    #expect(bench.machine.gate == .open)
    let removal = try Self.removal(of: 0, in: bench)
    let asks = bench.feed(.woke, after: 3000).asks
    let ask = try #require(asks.first)
    let effects = bench.feed(.answered(ask.token, .push(Gossip(news: DirectoryNews(records: [removal])))))
    #expect(bench.machine.gate == .stranger)
    #expect(effects.contains { if case .writing(.stranger) = $0 { true } else { false } })
    _ = bench.feed(.woke, after: 1000)
    for _ in 0..<5 { #expect(bench.feed(.woke, after: 3000).asks.isEmpty) }
  }

  @Test func aRemovalThatTheFleetsKeyDidNotSignIsNone() throws {
    var bench = MachineBench()
    bench.start()
    let genuine = try Self.removal(of: 0, in: bench)
    let forged = try #require(FleetRecord(genuine.draft, signature: bench.notaries[2].sign(genuine.draft.signedBytes)))
    let ask = try #require(bench.feed(.woke, after: 3000).asks.first)
    _ = bench.feed(.answered(ask.token, .push(Gossip(news: DirectoryNews(records: [forged])))))
    #expect(bench.machine.gate == .open)
  }
}
