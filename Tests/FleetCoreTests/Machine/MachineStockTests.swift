import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct MachineStockTests {
  private static let stock = Stock(blobs: 1204, bytes: 31 << 30)!

  @Test func whatIsCountedHereIsToldWithEachExchange() throws {
    var bench = MachineBench()
    bench.start()
    _ = bench.feed(.counted(Self.stock))
    let asks = bench.feed(.woke, after: 2500).asks.compactMap { ask -> Greeting? in
      if case .exchange(let greeting) = ask.message { greeting } else { nil }
    }
    #expect(asks.count == FleetLimits.exchangePeers && asks.allSatisfy { $0.stock == Self.stock })
    #expect(bench.machine.stocks[bench.machine.node]?.stock == Self.stock)
  }

  @Test func whatAMemberTellsIsRememberedWithItsTime() {
    var bench = MachineBench()
    bench.start()
    var greeting = bench.machine.greeting
    greeting.stock = Self.stock
    _ = bench.feed(.woke, after: 100)
    _ = bench.asked(by: 2, .exchange(greeting))
    #expect(bench.machine.stocks[bench.notaries[2].node] == Stock.Told(stock: Self.stock, at: 100))
    greeting.stock = nil
    _ = bench.feed(.woke, after: 100)
    _ = bench.asked(by: 2, .exchange(greeting))
    #expect(bench.machine.stocks[bench.notaries[2].node]?.at == 100, "who does not say has said nothing new")
  }

  @Test func aGreetingIsReadWithAndWithoutIt() throws {
    var greeting = MachineBench().machine.greeting
    let silent = FleetMessage.exchange(greeting)
    #expect(FleetMessage(bytes: silent.bytes) == silent)
    greeting.stock = Self.stock
    #expect(FleetMessage(bytes: FleetMessage.exchange(greeting).bytes) == .exchange(greeting))
  }

  @Test func nobodyHoldsLessThanNothing() {
    #expect(Stock(blobs: -1, bytes: 0) == nil && Stock(blobs: 0, bytes: -1) == nil)
  }
}
