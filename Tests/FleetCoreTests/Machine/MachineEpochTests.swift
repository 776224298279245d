import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct MachineEpochTests {
  @Test func writingOpensWhenTheMembersKnowNoMoreOfThisNode() {
    var bench = MachineBench(members: 4)
    var chain = bench.chain(0)
    chain.say(1...5)
    let asks = bench.feed(.started(writer: bench.writer, heads: [bench.writer: chain.head])).asks
    let questions = asks.filter { $0.message == .ownHeads }
    #expect(questions.count == 3)
    let known = WriterHead(writer: bench.writer, sequence: 5, hash: chain.head.hash.prefix)
    var effects = bench.answerClocks(asks)
    effects += bench.feed(.answered(questions[0].token, .heads([known])))
    effects += bench.feed(.answered(questions[1].token, .heads([])))
    #expect(effects.gates.isEmpty, "not before all have answered")
    let seen1 = bench.feed(.unanswered(questions[2].token))
    #expect(seen1.gates == [.open])
    #expect(effects.epochs == 0)
  }

  @Test func nothingIsWrittenBeforeSomebodyHasToldTheTime() {
    var bench = MachineBench(members: 4)
    let asks = bench.feed(.started(writer: bench.writer, heads: [:])).asks
    var effects: [FleetEffect] = []
    for ask in asks where ask.message == .ownHeads { effects += bench.feed(.answered(ask.token, .heads([]))) }
    #expect(effects.gates.isEmpty && bench.machine.gate == .settling)
    #expect(bench.answerClocks(asks, ahead: 3_600_000).gates == [.clockOff(milliseconds: 3_600_000)])
  }

  @Test func aNodeAloneWritesAtOnce() {
    var bench = MachineBench(members: 1)
    let seen2 = bench.feed(.started(writer: bench.writer, heads: [:]))
    #expect(seen2.gates == [.open])
  }

  @Test func whenNobodyAnswersANewEpochBeginsFirst() {
    var bench = MachineBench()
    _ = bench.feed(.started(writer: bench.writer, heads: [:]))
    let effects = bench.feed(.woke, after: FleetLimits.epochMilliseconds)
    #expect(effects.epochs == 1)
    #expect(effects.gates.isEmpty && bench.machine.gate == .settling)
    let next = WriterID(node: bench.machine.node, epoch: bench.wall / 1000 + 1)
    let seen3 = bench.feed(.began(next))
    #expect(seen3.gates == [.open])
    #expect(bench.machine.writer == next)
  }

  @Test func anOldDiskGetsItsClaimsBackAndBeginsANewEpoch() throws {
    var bench = MachineBench(members: 2)
    var chain = bench.chain(0)
    chain.say(1...3)
    let old = chain.head
    chain.say(4...6)
    let asks = bench.feed(.started(writer: bench.writer, heads: [bench.writer: old])).asks
    _ = bench.answerClocks(asks)
    let questions = asks.filter { $0.message == .ownHeads }
    let known = WriterHead(writer: bench.writer, sequence: 6, hash: chain.head.hash.prefix)
    let effects = bench.feed(.answered(questions[0].token, .heads([known])))
    #expect(effects.epochs == 1 && effects.notices == [.restored(bench.writer)])
    let pull = try #require(effects.asks.first { $0.message == .pull([Want(writer: bench.writer, after: 3)]) })
    let back = bench.feed(.answered(pull.token, .runs([try #require(chain.run(after: 3))])))
    #expect(back.admitted == [chain.run(after: 3)] && back.epochs == 0)
  }

  @Test func whoMeetsItsOwnLaterClaimsBeginsANewEpoch() throws {
    var bench = MachineBench()
    bench.start()
    var chain = bench.chain(0)
    chain.say(1...2)
    let effects = bench.pushed(by: 1, chain.run())
    #expect(effects.admitted == [chain.run()] && effects.epochs == 1)
    #expect(effects.gates == [.settling])
  }

  @Test func anInnocentWriterSaysAgainWhatAForkCutOff() throws {
    var bench = MachineBench()
    var (mine, theirs) = (bench.chain(0), bench.chain(0))
    mine.say(1...4)
    theirs.say(1...2)
    theirs.say("other")
    bench.start(heads: [bench.writer: mine.head])
    let proof = try #require(ForkProof(mine.claims[2], theirs.claims[2]))
    let effects = bench.asked(by: 1, .push(Gossip(news: DirectoryNews(forks: [proof]))))
    let restated = effects.compactMap { if case .beginEpoch(_, let restated) = $0 { restated } else { nil } }
    #expect(restated == [ClaimStretch(writer: bench.writer, after: 2, through: .max)])
    #expect(bench.machine.gate == .settling)
  }
}
