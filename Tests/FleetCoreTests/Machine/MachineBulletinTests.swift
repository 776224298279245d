import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct MachineBulletinTests {
  private static let bulletin = Bulletin(stock: Stock(blobs: 1204, bytes: 31 << 30), certificateEnd: 1_800_000_000)

  @Test func whatANodeSaysOfItselfIsToldWithEachExchange() throws {
    var bench = MachineBench()
    bench.start()
    _ = bench.feed(.told(Self.bulletin))
    let asks = bench.feed(.woke, after: 2500).asks.compactMap { ask -> Greeting? in
      if case .exchange(let greeting) = ask.message { greeting } else { nil }
    }
    #expect(asks.count == FleetLimits.exchangePeers && asks.allSatisfy { $0.bulletin == Self.bulletin })
    #expect(bench.machine.bulletins[bench.machine.node]?.bulletin == Self.bulletin)
  }

  @Test func howFarItIsBehindIsSaidAnewEachTime() throws {
    var bench = MachineBench()
    bench.start()
    _ = bench.feed(.told(Self.bulletin))
    let asks = bench.feed(.woke, after: 2500).asks
    #expect(bench.machine.greeting.bulletin.behindMilliseconds == nil, "compared with nobody yet")
    _ = bench.feed(.answered(try #require(asks.first).token, .exchange(bench.machine.greeting)), after: 40)
    _ = bench.feed(.woke, after: 300)
    var bulletin = Self.bulletin
    bulletin.behindMilliseconds = 340
    #expect(bench.machine.greeting.bulletin == bulletin)
  }

  @Test func whatAMemberTellsIsRememberedWithItsTime() {
    var bench = MachineBench()
    bench.start()
    var greeting = bench.machine.greeting
    greeting.bulletin = Self.bulletin
    _ = bench.feed(.woke, after: 100)
    _ = bench.asked(by: 2, .exchange(greeting))
    #expect(bench.machine.bulletins[bench.notaries[2].node] == Bulletin.Told(bulletin: Self.bulletin, at: 100))
    greeting.bulletin = Bulletin()
    _ = bench.feed(.woke, after: 100)
    _ = bench.asked(by: 2, .exchange(greeting))
    #expect(bench.machine.bulletins[bench.notaries[2].node]?.at == 100, "who does not say has said nothing new")
  }

  @Test func aGreetingIsReadWithAndWithoutIt() throws {
    var greeting = MachineBench().machine.greeting
    let silent = FleetMessage.exchange(greeting)
    #expect(FleetMessage(bytes: silent.bytes) == silent)
    greeting.bulletin = Self.bulletin
    #expect(FleetMessage(bytes: FleetMessage.exchange(greeting).bytes) == .exchange(greeting))
  }

  @Test func nobodyHoldsLessThanNothing() {
    #expect(Stock(blobs: -1, bytes: 0) == nil && Stock(blobs: 0, bytes: -1) == nil)
  }
}
