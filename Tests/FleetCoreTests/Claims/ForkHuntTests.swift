import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct ForkHuntTests {
  private let notary = SimulatedNotary(number: 1)

  private func logs(common: Int, mine: Int, theirs: Int) -> (Chain, Chain) {
    var one = Chain(notary)
    if common > 0 { one.say(1...common) }
    var two = one
    if mine > 0 { one.say(1...mine) }
    if theirs > 0 { two.say(1001...1000 + theirs) }
    return (one, two)
  }

  /// Reads both as often as it wants.
  private func hunt(_ one: Chain, _ two: Chain, at sequence: Int64, limit: Int = 3500) -> (ForkProof?, looks: Int) {
    var hunt = ForkHunt(writer: one.writer, peer: notary.node, at: sequence)
    for look in 1...100 {
      let after = hunt.after
      _ = hunt.read(mine: one.run(after: after, through: after + Int64(limit)))
      switch hunt.read(theirs: two.run(after: after, through: after + Int64(limit))) {
      case .found(let proof): return (proof, look)
      case .lost, .wait: return (nil, look)
      case .look: continue
      }
    }
    return (nil, 100)
  }

  @Test func theFirstNumberThatWasUsedTwiceIsFound() {
    for (common, more) in [(0, 1), (1, 1), (5, 3), (15, 1), (16, 1), (17, 1), (100, 50), (3000, 2), (40, 3000)] {
      let (one, two) = logs(common: common, mine: more, theirs: more)
      let (proof, looks) = hunt(one, two, at: Int64(common + more))
      #expect(proof?.sequence == Int64(common + 1), "\(common) in common and \(more) more")
      #expect(looks < FleetLimits.forkLooks)
    }
  }

  @Test func runsThatAreShortAreGoneThrough() {
    let (one, two) = logs(common: 30, mine: 200, theirs: 200)
    #expect(hunt(one, two, at: 230, limit: 20).0?.sequence == 31)
  }

  @Test func oneWhoLiesAboutAForkWastesAFewLooks() {
    let (one, _) = logs(common: 500, mine: 0, theirs: 0)
    let (proof, looks) = hunt(one, one, at: 500)
    #expect(proof == nil)
    #expect(looks <= 2)
    #expect(hunt(one, Chain(SimulatedNotary(number: 2)), at: 3).0 == nil)
  }
}
