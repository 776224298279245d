import Testing

@testable import CurlKit

/// The decisions of the engine, without sockets.
@Suite struct EngineTests {
  private final class Item: Sleeper {
    let number: Int
    var alarmPlace = -1
    var alarm = UInt64.max

    init(_ number: Int) { self.number = number }
  }

  @Test func queueLetsSoManyBeginOfOneKeyAndInAll() {
    var queue = TransferQueue<String, Item>(limit: 3, limitPerKey: 2, waitingLimit: 3)
    let items = (0..<8).map { Item($0) }
    #expect(queue.enter(items[0], "a") == .begins)
    #expect(queue.enter(items[1], "a") == .begins)
    #expect(queue.enter(items[2], "a") == .waits)
    #expect(queue.enter(items[3], "b") == .begins)
    #expect(queue.enter(items[4], "b") == .waits)
    #expect(queue.enter(items[5], "c") == .waits)
    #expect(queue.enter(items[6], "d") == .refused)
    // Those of b and c had room but for the whole; the one of a came first, and has it too.
    #expect(queue.leave("a")?.number == 2)
    #expect(queue.leave("b")?.number == 4)
    #expect(queue.remove(items[5], "c") == true)
    #expect(queue.remove(items[5], "c") == false)
    #expect(queue.leave("b") == nil)
    #expect((queue.activeCount, queue.waitingCount) == (2, 0))
  }

  @Test func queueServesEachExactlyOnceInItsOrder() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var chance = SeededNumbers(seed: seed)
    var queue = TransferQueue<Int, Item>(limit: 7, limitPerKey: 3, waitingLimit: .max)
    var running: [(Item, Int)] = []
    var begun: [Int: [Int]] = [:]
    var removed = Set<Int>()
    let keys = (0..<2_000).map { _ in Int.random(in: 0..<5, using: &chance) }
    func begin(_ item: Item) {
      running.append((item, keys[item.number]))
      begun[keys[item.number], default: []].append(item.number)
    }
    let items = keys.indices.map { Item($0) }
    for item in items {
      if queue.enter(item, keys[item.number]) == .begins { begin(item) }
      if Int.random(in: 0..<10, using: &chance) == 0 {
        let other = items[Int.random(in: 0...item.number, using: &chance)]
        if queue.remove(other, keys[other.number]) { removed.insert(other.number) }
      }
      while !running.isEmpty, Int.random(in: 0..<2, using: &chance) == 0 {
        let (_, key) = running.remove(at: Int.random(in: running.indices, using: &chance))
        if let next = queue.leave(key) { begin(next) }
      }
      #expect(running.count == queue.activeCount && running.count <= 7)
      #expect(Dictionary(grouping: running, by: \.1).values.allSatisfy { $0.count <= 3 })
    }
    while let (_, key) = running.popLast() {
      if let next = queue.leave(key) { begin(next) }
    }
    #expect(queue.waitingCount == 0)
    #expect(begun.values.allSatisfy { $0 == $0.sorted() })
    #expect(Set(begun.values.joined()).union(removed) == Set(keys.indices))
    #expect(begun.values.joined().count + removed.count == keys.count)
  }

  @Test func alarmsRingInTheirOrderAndNotForThoseWhoLeft() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var chance = SeededNumbers(seed: seed)
    var clock = AlarmClock<Item>()
    var expected: [Int: UInt64] = [:]
    let items = (0..<500).map { Item($0) }
    for _ in 0..<5_000 {
      let item = items[Int.random(in: items.indices, using: &chance)]
      let instant = UInt64.random(in: 0..<10_000, using: &chance)
      if Int.random(in: 0..<4, using: &chance) == 0 {
        clock.remove(item)
        expected[item.number] = nil
      } else {
        clock.set(item, at: instant)
        // What only moves on is left where it is.
        expected[item.number] = min(expected[item.number] ?? .max, instant)
      }
      #expect(clock.earliest == expected.values.min())
    }
    var last: UInt64 = 0
    while let item = clock.popDue(.max) {
      #expect(item.alarm >= last && item.alarm == expected[item.number])
      expected[item.number] = nil
      last = item.alarm
    }
    #expect(expected.isEmpty && clock.earliest == nil)
    #expect(clock.popDue(.max) == nil)
  }

  @Test func budgetIsEatenByWaitingAndEarnedByBytes() {
    var patience = HTTPPatience()
    patience.minimumBytesPerSecond = 1_000
    patience.grace = .seconds(10)
    var budget = RateBudget(patience)
    #expect(budget.remaining == 10_000_000_000)
    budget.spend(nanoseconds: 4_000_000_000, bytes: 1_000)
    #expect(budget.remaining == 7_000_000_000)
    budget.spend(nanoseconds: 1, bytes: .max)
    #expect(budget.remaining == 10_000_000_000)
    // Half of the rate: gone after twice the grace.
    for _ in 0..<19 { budget.spend(nanoseconds: 1_000_000_000, bytes: 500) }
    #expect(budget.remaining == 500_000_000)
    budget.spend(nanoseconds: .max, bytes: 0)
    #expect(budget.remaining == 0)
    patience.minimumBytesPerSecond = 0
    budget = RateBudget(patience)
    budget.spend(nanoseconds: .max, bytes: 0)
    #expect(budget.remaining == .max)
  }
}
