import Testing

@testable import RegistryService

struct RangePlanTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func everyPieceIsHandedOutUntilItIsHere(seed: UInt64) {
    var chance = SeededNumbers(seed: seed)
    let count = Int.random(in: 1...300, using: &chance)
    var plan = RangePlan(size: Int64(count) * 100 - 50, pieceBytes: 100, partBytes: 700)
    plan.fill(0..<count, except: [])
    var here: Set<Int> = []
    var asked: [Range<Int>] = []
    for _ in 0..<5_000 where here.count < count {
      switch Int.random(in: 0..<4, using: &chance) {
      case 0:
        let start = Int.random(in: 0..<count, using: &chance)
        plan.hurry(start..<start + 5)
      case 1 where !asked.isEmpty:
        let part = asked.remove(at: Int.random(in: asked.indices, using: &chance))
        let end = Int.random(in: part.lowerBound...part.upperBound, using: &chance)
        here.formUnion(part.lowerBound..<end)
        plan.giveBack(end..<part.upperBound)
      default:
        guard let part = plan.next() else { continue }
        #expect(part.count <= 7 && part.lowerBound >= 0 && part.upperBound <= count, "seed \(seed)")
        #expect(here.isDisjoint(with: part) && !asked.contains { $0.overlaps(part) }, "seed \(seed)")
        asked.append(part)
      }
    }
    for part in asked { here.formUnion(part) }
    while let part = plan.next() {
      #expect(here.isDisjoint(with: part), "seed \(seed)")
      here.formUnion(part)
    }
    #expect(here == Set(0..<count), "seed \(seed)")
  }

  @Test func whatAReaderWaitsForComesFirst() {
    var plan = RangePlan(size: 10_000, pieceBytes: 100, partBytes: 1_000)
    plan.fill(0..<100, except: [])
    #expect(plan.next() == 0..<10)
    plan.hurry(50..<52)
    #expect(plan.next() == 50..<60)
    #expect(plan.next() == 10..<20)
    // All of it is asked for already.
    plan.hurry(51..<55)
    #expect(plan.next() == 20..<30)
    plan.hurry(58..<62)
    #expect(plan.next() == 60..<70)
  }

  @Test func onlyWhatIsFilledIsAskedForAndOnce() {
    var plan = RangePlan(size: 2_000, pieceBytes: 100, partBytes: 1_000)
    #expect(plan.isEmpty && plan.next() == nil)
    plan.fill(1..<4, except: [])
    plan.fill(2..<9, except: [6..<8])
    plan.fill(15..<99, except: [])
    #expect(plan.next() == 1..<6)
    #expect(plan.next() == 8..<9)
    plan.fill(0..<20, except: [1..<6, 8..<9])
    #expect(plan.next() == 0..<1)
    #expect(plan.next() == 6..<8)
    #expect(plan.next() == 9..<19)
    plan.rest()
    #expect(plan.isEmpty && plan.next() == nil)
  }
}
