import OpenSSLKit
import RegistryCore
import Testing

@testable import FleetCore

func digest(_ number: Int) -> Digest {
  Digest(algorithm: .sha256, hash: StreamingHash.hash(Array("blob \(number)".utf8), .sha256))
}

@Suite struct LeaseBookTests {
  private var book = LeaseBook()

  private func batch(
    _ number: Int64, session: Int64 = 1, zone: String? = nil, _ changes: [Int: Holding?] = [:]
  ) -> LeaseBatch {
    LeaseBatch(
      session: session, number: number, zone: zone.flatMap { Zone(parsing: $0) },
      changes: changes.sorted { $0.key < $1.key }.map { .init(digest($0.key), $0.value) })!
  }

  private func holders(
    _ book: LeaseBook, _ number: Int, from asker: Int = 99, zone: String? = nil, at now: Int64 = 0
  ) -> [Holder] {
    let question = LocateQuestion(
      repository: repository, digests: [digest(number)], zone: zone.flatMap { Zone(parsing: $0) })!
    return book.answer(question, from: node(asker), at: now, here: (node(98), nil)) { _ in nil }.holders[0]
  }

  private var repository: RepositoryName {
    guard let name = try? RepositoryName(parsing: "team/app") else { preconditionFailure("a name is a name") }
    return name
  }

  @Test mutating func whatWasToldIsAnswered() {
    #expect(book.take(batch(1, [1: .complete, 2: .wanted]), from: node(1), at: 0) == .kept)
    #expect(holders(book, 1) == [Holder(node(1), .complete)])
    #expect(holders(book, 2) == [Holder(node(1), .wanted)])
    #expect(holders(book, 3).isEmpty)
    #expect(book.take(batch(2, [1: nil, 2: .complete]), from: node(1), at: 0) == .kept)
    #expect(holders(book, 1).isEmpty && holders(book, 2) == [Holder(node(1), .complete)])
    #expect(book.count == 1)
  }

  @Test mutating func leasesEndUnlessAnyBatchRenewsThem() {
    _ = book.take(batch(1, [1: .complete]), from: node(1), at: 0)
    _ = book.take(batch(1, [2: .complete]), from: node(2), at: 0)
    #expect(book.take(batch(1), from: node(1), at: 50_000) == .kept)
    #expect(!holders(book, 2, at: 59_999).isEmpty && holders(book, 2, at: 60_000).isEmpty)
    #expect(!holders(book, 1, at: 109_999).isEmpty && holders(book, 1, at: 110_000).isEmpty)
    book.expire(at: 60_000)
    #expect(book.memberCount == 1 && book.count == 1)
    #expect(book.take(batch(2), from: node(1), at: 110_000) == .tellAll)
  }

  @Test mutating func aGapInWhatWasToldIsNoticed() {
    #expect(book.take(batch(2, [1: .complete]), from: node(1), at: 0) == .tellAll)
    #expect(book.take(batch(1, [1: .complete]), from: node(1), at: 0) == .kept)
    #expect(book.take(batch(3, [2: .complete]), from: node(1), at: 0) == .tellAll)
    #expect(book.take(batch(2, session: 2, [2: .complete]), from: node(1), at: 0) == .tellAll)
    #expect(holders(book, 2).isEmpty && !holders(book, 1).isEmpty)
  }

  @Test mutating func aBatchThatIsSaidAgainCountsOnce() {
    for _ in 0..<3 { #expect(book.take(batch(1, [1: .complete]), from: node(1), at: 0) == .kept) }
    for _ in 0..<3 { #expect(book.take(batch(2, [1: .partial]), from: node(1), at: 0) == .kept) }
    #expect(holders(book, 1) == [Holder(node(1), .partial)] && book.count == 1)
  }

  @Test mutating func aNewSessionStandsAlone() {
    _ = book.take(batch(1, [1: .complete, 2: .complete]), from: node(1), at: 0)
    #expect(book.take(batch(1, session: 2, [2: .complete]), from: node(1), at: 0) == .kept)
    #expect(holders(book, 1).isEmpty && !holders(book, 2).isEmpty && book.count == 1)
    book.forget(node(1))
    #expect(book.count == 0 && book.memberCount == 0 && holders(book, 2).isEmpty)
  }

  @Test mutating func nearZonesComeFirstAndInAZoneWholeBlobs() {
    let zones = ["a/1", "a/1", "a/2", "b/1", nil]
    for (number, zone) in zones.enumerated() {
      let holding: Holding = number == 0 ? .wanted : .complete
      _ = book.take(batch(1, zone: zone, [7: holding]), from: node(number), at: 0)
    }
    _ = book.take(batch(1, zone: "a/1", [7: .partial]), from: node(10), at: 0)
    let order = holders(book, 7, zone: "a/1").map(\.node)
    #expect(order == [1, 10, 0, 2, 3, 4].map(node))
    #expect(!holders(book, 7, from: 1).map(\.node).contains(node(1)), "an asker is told of itself")
  }

  @Test mutating func ofManyFiftyAreNamedAndWholeOnesAmongThem() {
    for number in 0..<200 { _ = book.take(batch(1, zone: "a", [7: .partial]), from: node(number), at: 0) }
    for number in 200..<220 { _ = book.take(batch(1, zone: "b", [7: .complete]), from: node(number), at: 0) }
    let chosen = holders(book, 7, from: 300, zone: "a")
    #expect(chosen.count == 50 && Set(chosen).count == 50)
    #expect(chosen.count { $0.holding == .complete } == 8)
    #expect(chosen.prefix(42).allSatisfy { $0.holding == .partial })
    let others = holders(book, 7, from: 301, zone: "a")
    #expect(Set(chosen) != Set(others), "all askers are sent to the same")
    var asked: Set<NodeID> = []
    for asker in 300..<400 { asked.formUnion(holders(book, 7, from: asker, zone: "a").map(\.node)) }
    #expect(asked.count > 200)
  }

  @Test mutating func theAnsweringNodeNamesItself() {
    _ = book.take(batch(1, zone: "a", [7: .complete]), from: node(1), at: 0)
    let question = LocateQuestion(repository: repository, digests: [digest(7), digest(8)], zone: Zone(parsing: "a"))!
    let here = (node(98), Zone(parsing: "b"))
    let answer = book.answer(question, from: node(2), at: 0, here: here) { $0 == digest(8) ? .partial : .complete }
    #expect(
      answer.holders == [[Holder(node(1), .complete), Holder(node(98), .complete)], [Holder(node(98), .partial)]])
    #expect(book.answer(question, from: node(98), at: 0, here: here) { _ in .complete }.holders[1].isEmpty)
  }

  @Test func theOldestOfWhoHasMostGoesFirst() {
    var limits = LeaseLimits()
    (limits.leases, limits.leasesOfMember) = (10, 8)
    var book = LeaseBook(limits: limits)
    for number in 0..<20 { _ = book.take(batch(Int64(number + 1), [number: .complete]), from: node(1), at: 0) }
    #expect(book.count == 8 && holders(book, 11).isEmpty && !holders(book, 12).isEmpty)
    _ = book.take(batch(1, [100: .complete, 101: .complete, 102: .complete]), from: node(2), at: 0)
    #expect(book.count == 10)
    #expect([100, 101, 102].allSatisfy { !holders(book, $0).isEmpty }, "a flood pushed out what another told")
    #expect(holders(book, 12).isEmpty && !holders(book, 13).isEmpty)
    // Told again, it is young again.
    _ = book.take(batch(21, [13: .partial, 14: nil]), from: node(1), at: 0)
    for number in 20..<26 { _ = book.take(batch(Int64(number + 2), [number: .complete]), from: node(1), at: 0) }
    #expect(!holders(book, 13).isEmpty && holders(book, 15).isEmpty && book.count == 10)
  }

  @Test func asManyMembersAsThereMayBeAreHeard() {
    var limits = LeaseLimits()
    limits.members = 3
    var book = LeaseBook(limits: limits)
    for number in 0..<3 { #expect(book.take(batch(1, [1: .complete]), from: node(number), at: 0) == .kept) }
    #expect(book.take(batch(1, [1: .complete]), from: node(3), at: 1) == .tellAll)
    #expect(book.take(batch(1, [1: .complete]), from: node(3), at: 60_000) == .kept)
    #expect(book.memberCount == 1)
  }

  /// Against a model without any cleverness: what was told last of each, per member.
  @Test(arguments: 0..<10) mutating func theBookIsWhatWasToldLast(seed: UInt64) {
    var chance = SeededChance(seed: seed)
    var model: [Int: [Int: Holding]] = [:]
    var numbers: [Int: Int64] = [:]
    var session: Int64 = 1
    for _ in 0..<300 {
      let member = Int.random(in: 0..<4, using: &chance)
      if Int.random(in: 0..<20, using: &chance) == 0 {
        (session, model[member], numbers[member]) = (session + 1, [:], nil)
        book.forget(node(member))
        continue
      }
      var changes: [Int: Holding?] = [:]
      for _ in 0..<3 {
        let holding = Bool.random(using: &chance) ? Holding.allCases.randomElement(using: &chance) : nil
        changes.updateValue(holding, forKey: Int.random(in: 0..<12, using: &chance))
      }
      for (blob, holding) in changes { model[member, default: [:]][blob] = holding }
      numbers[member, default: 0] += 1
      let told = batch(numbers[member] ?? 0, session: 7, changes)
      #expect(book.take(told, from: node(member), at: 0) == .kept)
    }
    for blob in 0..<12 {
      let expected = Set((0..<4).compactMap { member in model[member]?[blob].map { Holder(node(member), $0) } })
      #expect(Set(holders(book, blob)) == expected)
    }
    #expect(book.count == model.values.reduce(0) { $0 + $1.count })
  }
}
