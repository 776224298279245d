import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct MachineClaimsTests {
  @Test func anOwnClaimIsPushedAtOnce() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(0)
    chain.say("one")
    let pushes = bench.feed(.wrote(try #require(chain.run()))).pushes
    #expect(Set(pushes.map(\.peer)).count == FleetLimits.fanout)
    #expect(pushes.allSatisfy { $0.gossip.rumours.map(\.run) == [chain.run()] && $0.peer != bench.machine.node })
  }

  @Test func whatIsNewIsTakenInAndToldOnAndWhatIsKnownIsNot() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(1)
    chain.say(1...3)
    let effects = bench.pushed(by: 2, chain.run())
    #expect(effects.admitted == [chain.run()])
    #expect(effects.replies == [.taken])
    #expect(effects.pushes.isEmpty, "not before it is durable")
    let seen1 = bench.pushed(by: 3, chain.run())
    #expect(seen1.admitted.isEmpty, "while it is on its way into the ledger")
    let told = bench.admit(effects).pushes
    #expect(told.count == FleetLimits.fanout)
    #expect(told.allSatisfy { $0.gossip.rumours == [Gossip.Rumour(chain.run()!, hops: 1)] })
    let again = bench.pushed(by: 3, chain.run())
    #expect(again.admitted.isEmpty && again.pushes.isEmpty)
  }

  @Test func whatFollowsSomethingMissingIsAskedForFromItsSender() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(1)
    chain.say(1...9)
    let effects = bench.pushed(by: 2, chain.run(after: 6))
    #expect(effects.admitted.isEmpty)
    let pull = try #require(effects.asks.first)
    #expect(pull.peer == bench.notaries[2].node)
    #expect(pull.message == .pull([Want(writer: chain.writer, after: 0)]))
    let seen2 = bench.pushed(by: 3, chain.run(after: 7))
    #expect(seen2.asks.isEmpty, "one pull of a log at a time")
    let first = bench.feed(.answered(pull.token, .runs([try #require(chain.run(through: 5))])))
    #expect(first.admitted == [chain.run(through: 5)])
    let next = bench.admit(first)
    #expect(next.asks.map(\.message).contains(.pull([Want(writer: chain.writer, after: 5)])), "the rest of it")
  }

  @Test func aStrangersLogIsNotTaken() throws {
    var bench = MachineBench()
    bench.start()
    var chain = Chain(SimulatedNotary(number: 999), in: bench.fleet)
    chain.say("mine")
    let effects = bench.pushed(by: 1, chain.run())
    #expect(effects.admitted.isEmpty && effects.notices.isEmpty)
    let seen3 = bench.feed(.asked(chain.writer.node, ReplyToken(rawValue: 9), .ownHeads))
    #expect(seen3.replies == [.unsupported])
  }

  @Test func claimsOfAnotherFleetAreNotTaken() throws {
    var bench = MachineBench()
    bench.start()
    var chain = Chain(bench.notaries[1], in: .none)
    chain.say("elsewhere")
    let seen4 = bench.pushed(by: 1, chain.run())
    #expect(seen4.admitted.isEmpty)
  }

  @Test func whoForgesIsNotListenedTo() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(1)
    chain.say("one")
    let forged = try #require(SignedClaim(chain.claims[0].body, signature: [UInt8](repeating: 1, count: 64)))
    let effects = bench.pushed(by: 2, ClaimRun(after: 0, [forged]))
    #expect(effects.admitted.isEmpty)
    #expect(effects.notices == [.shunned(bench.notaries[2].node, .claims(.forged(sequence: 1)))])
    let seen5 = bench.pushed(by: 2, chain.run())
    #expect(seen5.replies == [.busy])
    let seen6 = bench.pushed(by: 3, chain.run())
    #expect(seen6.admitted.count == 1, "from another it is taken")
  }

  @Test func whoKeepsYoungClaimsBackIsNotListenedTo() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(1)
    chain.say(1...5)
    let holed = ClaimRun(after: 0, [0, 1, 3, 4].map { chain.claims[$0] })
    let seen7 = bench.pushed(by: 2, holed)
    #expect(
      seen7.notices == [.shunned(bench.notaries[2].node, .withheld(chain.writer, after: 2))])
  }

  @Test func whatAShunnedMemberOwesIsAskedOfAnother() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(1)
    chain.say(1...9)
    let effects = bench.pushed(by: 2, chain.run(after: 6))
    let pull = try #require(effects.asks.first)
    let forged = try #require(SignedClaim(chain.claims[0].body, signature: [UInt8](repeating: 1, count: 64)))
    _ = bench.pushed(by: 2, ClaimRun(after: 0, [forged]))
    _ = bench.feed(.answered(pull.token, .runs([try #require(chain.run())])))
    let again = bench.pushed(by: 3, chain.run(after: 6))
    #expect(again.asks.map(\.peer) == [bench.notaries[3].node])
  }

  @Test func anExchangeBringsWhatTheOtherLacksAndFetchesWhatIsLackingHere() throws {
    var bench = MachineBench()
    bench.start()
    var (mine, theirs) = (bench.chain(1), bench.chain(2))
    mine.say(1...4)
    theirs.say(1...3)
    let taken = bench.admit(bench.pushed(by: 3, mine.run()))
    #expect(!taken.pushes.isEmpty)
    let round = bench.feed(.woke, after: 2500)
    let ask = try #require(round.asks.first { $0.message == .exchange(bench.machine.greeting) })
    var greeting = bench.machine.greeting
    greeting.heads = HeadsDigest()
    let compare = bench.feed(.answered(ask.token, .exchange(greeting)))
    let question = try #require(compare.asks.first { if case .compare = $0.message { true } else { false } })
    #expect(question.peer == ask.peer)
    let differing = [
      WriterHead(writer: mine.writer, sequence: 1, hash: 0), WriterHead(writer: theirs.writer, sequence: 3, hash: 0),
    ]
    let effects = bench.feed(.answered(question.token, .heads(differing)))
    #expect(effects.asks.map(\.message) == [.pull([Want(writer: theirs.writer, after: 0)])])
    let reads = effects.compactMap { if case .read(let token, let wants, _) = $0 { (token, wants) } else { nil } }
    #expect(reads.map(\.1) == [[Want(writer: mine.writer, after: 1)]])
    let brought = bench.feed(.runs(try #require(reads.first).0, [try #require(mine.run(after: 1))])).pushes
    #expect(brought.map(\.peer) == [ask.peer])
    #expect(brought.first?.gossip.rumours.map(\.run) == [try #require(mine.run(after: 1))])
    #expect(bench.machine.freshAt == nil, "something is still open")
    let pulled = bench.feed(.answered(effects.asks[0].token, .runs([try #require(theirs.run())])))
    _ = bench.admit(pulled)
    #expect(bench.machine.freshAt == 2500)
  }

  @Test func aLogThatWasShortenedLongAgoIsTaken() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(1)
    for number in 1...5 {
      chain.say("\(number)", at: SimulatedClock.start - 2 * FleetLimits.wholeLogMilliseconds + Int64(number))
    }
    let holed = ClaimRun(after: 0, [0, 1, 3, 4].map { chain.claims[$0] })
    let seen8 = bench.pushed(by: 2, holed)
    #expect(seen8.admitted.first?.claims.count == 4)
  }

  @Test func twoClaimsUnderOneNumberAreProvenAndNothingFromThereOnCounts() throws {
    var bench = MachineBench()
    bench.start()
    var (mine, theirs) = (bench.chain(1), bench.chain(1))
    mine.say(1...2)
    theirs.say(1...1)
    theirs.say(8...10)
    _ = bench.admit(bench.pushed(by: 2, mine.run()))
    let effects = bench.pushed(by: 3, theirs.run(after: 2))
    #expect(effects.admitted.isEmpty)
    let pull = try #require(effects.asks.first { $0.message == .pull([Want(writer: mine.writer, after: 0)]) })
    let read = effects.compactMap { if case .read(let token, _, _) = $0 { token } else { nil } }
    _ = bench.feed(.runs(try #require(read.first), [try #require(mine.run())]), after: 100)
    let proven = bench.feed(.answered(pull.token, .runs([try #require(theirs.run())])))
    #expect(proven.notices == [.forked(mine.writer, at: 2)])
    #expect(bench.machine.directory.nameRules.limits == [mine.writer: 1])
    #expect(proven.pushes.allSatisfy { $0.gossip.news.forks.count == 1 } && !proven.pushes.isEmpty)
    let seen9 = bench.pushed(by: 2, mine.run(after: 2), theirs.run(after: 2))
    #expect(seen9.admitted.isEmpty)
  }
}
