import RegistryCore
import Testing

@testable import FleetCore

@Suite struct AnnouncementsTests {
  private var mine = Announcements(me: node(0), zone: Zone(parsing: "a"), session: 5)

  private func list(_ numbers: some Sequence<Int>) -> NodeList {
    var list = NodeList()
    for number in numbers { list.insert(node(number)) }
    return list
  }

  private func trackers(_ number: Int, _ members: some Sequence<Int>) -> Set<NodeID> {
    Set(Rendezvous.ranked(list(members), for: digest(number), limit: 3)).subtracting([node(0)])
  }

  @Test mutating func eachDigestIsToldToThoseThatRankHighest() {
    mine.meet(list(0..<10), at: 0)
    for number in 0..<20 { mine.hold(digest(number), .complete, at: 0) }
    let batches = mine.due(at: 0)
    #expect(Set(batches.map(\.to)).count == batches.count && batches.allSatisfy { $0.batch.number == 1 })
    for number in 0..<20 {
      let told = batches.filter { $0.batch.changes.contains(.init(digest(number), .complete)) }.map(\.to)
      #expect(Set(told) == trackers(number, 0..<10))
    }
    #expect(mine.due(at: 100_000).isEmpty, "a second batch goes out while the first is under way")
  }

  @Test mutating func onlyWhatChangedIsToldAndElseThatAllHolds() {
    mine.meet(list(0..<2), at: 0)
    mine.hold(digest(1), .wanted, at: 0)
    mine.hold(digest(2), .complete, at: 0)
    #expect(mine.due(at: 0).map(\.batch.changes.count) == [2])
    mine.take(.kept, from: node(1), at: 10)
    #expect(mine.due(at: 10).isEmpty)
    mine.hold(digest(2), .complete, at: 11)
    #expect(mine.due(at: 11).isEmpty)
    mine.hold(digest(1), .complete, at: 12)
    let change = mine.due(at: 12)
    #expect(change.map(\.batch.changes) == [[.init(digest(1), .complete)]] && change[0].batch.number == 2)
    mine.take(.kept, from: node(1), at: 13)
    #expect(mine.due(at: 20_012).isEmpty)
    let renewal = mine.due(at: 20_013)
    #expect(renewal.count == 1 && renewal[0].batch.changes.isEmpty && renewal[0].batch.number == 2)
    mine.take(.kept, from: node(1), at: 20_013)
    mine.hold(digest(1), nil, at: 20_014)
    #expect(mine.due(at: 20_014).map(\.batch.changes) == [[.init(digest(1), nil)]])
    #expect(mine.count == 1)
  }

  @Test mutating func whatIsNotAnsweredIsSaidAgainTheSame() {
    mine.meet(list(0..<2), at: 0)
    mine.hold(digest(1), .wanted, at: 0)
    let first = mine.due(at: 0)
    mine.hold(digest(1), .complete, at: 1)
    mine.failed(node(1), at: 2)
    #expect(mine.due(at: 1001).isEmpty)
    let second = mine.due(at: 1002)
    #expect(second.map(\.batch) == first.map(\.batch))
    mine.failed(node(1), at: 1002)
    #expect(mine.due(at: 3001).isEmpty && mine.due(at: 3002).map(\.batch) == first.map(\.batch))
    mine.take(.kept, from: node(1), at: 3003)
    #expect(mine.due(at: 3003).map(\.batch.changes) == [[.init(digest(1), .complete)]])
  }

  @Test mutating func whoHasForgottenIsToldAll() {
    mine.meet(list(0..<2), at: 0)
    mine.hold(digest(1), .complete, at: 0)
    let first = mine.due(at: 0)[0].batch
    mine.take(.kept, from: node(1), at: 0)
    mine.hold(digest(2), .partial, at: 1)
    _ = mine.due(at: 1)
    mine.take(.tellAll, from: node(1), at: 2)
    let anew = mine.due(at: 2)[0].batch
    #expect(anew.number == 1 && anew.session != first.session && Set(anew.changes.map(\.digest)).count == 2)
  }

  @Test mutating func manyDigestsGoInSeveralBatches() {
    mine.meet(list(0..<2), at: 0)
    for number in 0..<5000 { mine.hold(digest(number), .complete, at: 0) }
    #expect(mine.due(at: 0).map(\.batch.changes.count) == [4096])
    mine.take(.kept, from: node(1), at: 1)
    #expect(mine.due(at: 1).map(\.batch.changes.count) == [904])
  }

  /// Whatever comes and goes and is lost: in the end the books of those that rank say what this node has.
  @Test(arguments: 0..<12) mutating func theBooksComeToWhatIsHere(seed: UInt64) {
    var chance = SeededChance(seed: seed)
    var limits = LeaseLimits()
    // Also with so small a budget that ranks are reckoned in several calls.
    limits.scoresAtOnce = seed.isMultiple(of: 2) ? 20 : 1_000_000
    var mine = Announcements(me: node(0), zone: nil, session: 1, limits: limits)
    var members: Set<Int> = [0, 1, 2, 3, 4]
    var books: [Int: LeaseBook] = [:]
    var held: [Int: Holding] = [:]
    var now: Int64 = 0
    func settle(losing: Bool) {
      for (to, batch) in mine.due(at: now) {
        guard let member = (0..<12).first(where: { node($0) == to }) else { continue }
        let isHeard = !losing || Int.random(in: 0..<3, using: &chance) > 0
        let receipt = isHeard ? books[member, default: LeaseBook()].take(batch, from: node(0), at: now) : nil
        let isAnswered = isHeard && (!losing || Bool.random(using: &chance))
        if isAnswered, let receipt { mine.take(receipt, from: to, at: now) } else { mine.failed(to, at: now) }
      }
    }
    mine.meet(list(members), at: now)
    for _ in 0..<400 {
      now += Int64.random(in: 0..<4000, using: &chance)
      switch Int.random(in: 0..<8, using: &chance) {
      case 0:
        let member = Int.random(in: 1..<12, using: &chance)
        if members.remove(member) == nil { members.insert(member) }
        mine.meet(list(members), at: now)
      case 1: books[Int.random(in: 1..<12, using: &chance)] = nil
      case 2, 3:
        let (blob, holding) = (Int.random(in: 0..<30, using: &chance), Holding.allCases.randomElement(using: &chance)!)
        held[blob] = Bool.random(using: &chance) ? holding : nil
        mine.hold(digest(blob), held[blob], at: now)
      default: settle(losing: true)
      }
    }
    for _ in 0..<200 {
      now += 1000
      settle(losing: false)
    }
    for blob in 0..<30 {
      for member in members where trackers(blob, members).contains(node(member)) {
        let seats = books[member]?.seats[BlobKey(digest(blob))] ?? []
        #expect(seats.map(\.holding) == (held[blob].map { [$0] } ?? []), "blob \(blob) at member \(member)")
      }
    }
  }
}
