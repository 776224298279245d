import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

struct KeepJudgementTests {
  private typealias Standing = KeeperPlan.Standing
  private static let digest = Digest.hashing([1, 2, 3])
  private static let patience: Int64 = 600_000

  /// Members in the order of their rank.
  private static func ranked(_ count: Int) -> [NodeID] {
    let nodes = (0..<count).map { NodeID(Digest.hashing([UInt8($0)]).hash)! }
    return Rendezvous.ranked(nodes, for: digest, limit: count)
  }

  private static func standings(_ nodes: [NodeID], away: [NodeID: Int64] = [:]) -> [NodeID: Standing] {
    Dictionary(uniqueKeysWithValues: nodes.map { ($0, Standing(awayMilliseconds: away[$0].map { $0 * 60_000 })) })
  }

  private static func judge(
    _ image: KeepCase, _ words: KeepWords, _ members: [NodeID: Standing], round: Int = 0
  ) -> KeepJudgement {
    KeepJudgement(image, words, among: members, patience: patience, round: round)
  }

  private static func kept(
    by node: NodeID, _ replicas: Int, isWhole: Bool = true, known: Set<NodeID> = []
  ) -> KeepCase {
    KeepCase(node: node, digest: digest, replicas: replicas, isKept: true, isWhole: isWhole, known: known)
  }

  @Test func theHighestRankingKeeperAsksForWhatIsMissingAndTheNextWhenNothingComesOfIt() {
    let nodes = Self.ranked(6)
    let members = Self.standings(nodes)
    let others = KeepWords(confirming: [nodes[0]], denying: Set(nodes[2...]))
    let words = KeepWords(confirming: [nodes[1]], denying: Set(nodes[2...]))
    let first = Self.judge(Self.kept(by: nodes[0], 3), words, members)
    #expect(first.told == [nodes[2]] && !first.isSettled && first.deed == .nothing)
    let second = Self.kept(by: nodes[1], 3)
    #expect(Self.judge(second, others, members).told.isEmpty, "it is not its turn")
    #expect(Self.judge(second, others, members, round: 1).told == [nodes[2]])
  }

  @Test func whoIsAwayKeepsItsPlaceForAWhile() {
    let nodes = Self.ranked(5)
    let image = Self.kept(by: nodes[1], 2, known: [nodes[0]])
    let silent = KeepWords(denying: Set(nodes[2...]))
    let soon = Self.judge(image, silent, Self.standings(nodes, away: [nodes[0]: 9]))
    #expect(soon.told.isEmpty && soon.isSettled && soon.known == [nodes[0]])
    let late = Self.judge(image, silent, Self.standings(nodes, away: [nodes[0]: 10]))
    #expect(late.told == [nodes[2]] && !late.isSettled)
    #expect(late.known == [nodes[0]], "it is counted again when it comes back")
    let said = Self.judge(image, KeepWords(denying: Set(nodes).subtracting([nodes[1]])), Self.standings(nodes))
    #expect(said.known.isEmpty && said.told == [nodes[0]], "it has lost it")
  }

  @Test func whoHasNothingYetAndIsAwayGivesWay() {
    let nodes = Self.ranked(4)
    let words = KeepWords(denying: Set(nodes[1...]))
    let told = Self.judge(Self.kept(by: nodes[0], 2), words, Self.standings(nodes, away: [nodes[1]: 1])).told
    #expect(told == [nodes[2]])
  }

  @Test func onlyWhoIsOneTooManyLetsGo() {
    let nodes = Self.ranked(5)
    let members = Self.standings(nodes)
    for (place, node) in nodes.prefix(3).enumerated() {
      let words = KeepWords(confirming: Set(nodes.prefix(3)).subtracting([node]), denying: Set(nodes[3...]))
      let judgement = Self.judge(Self.kept(by: node, 2), words, members)
      #expect(judgement.deed == (place == 2 ? .letGo : .nothing))
    }
    // Who keeps it by an earlier word alone is not counted on.
    let known = Self.kept(by: nodes[2], 2, known: Set(nodes.prefix(2)))
    #expect(Self.judge(known, KeepWords(confirming: [nodes[0]]), members).deed == .nothing)
    // One that has nothing of it yet lets go as well.
    let words = KeepWords(confirming: Set(nodes.prefix(2)), denying: Set(nodes[3...]))
    #expect(Self.judge(Self.kept(by: nodes[2], 2, isWhole: false), words, members).deed == .letGo)
  }

  @Test func aCopyThatNobodyKeepsIsKeptUnlessSomebodyMayOnlyBeAway() {
    let nodes = Self.ranked(4)
    let image = KeepCase(node: nodes[3], digest: Self.digest, replicas: 2, isWhole: true)
    let denied = KeepWords(denying: Set(nodes.prefix(3)))
    #expect(Self.judge(image, denied, Self.standings(nodes)).deed == .keep)
    let silent = KeepWords(denying: Set(nodes[1...2]))
    #expect(Self.judge(image, silent, Self.standings(nodes, away: [nodes[0]: 9])).deed == .nothing)
    #expect(Self.judge(image, silent, Self.standings(nodes, away: [nodes[0]: 10])).deed == .keep)
    let kept = KeepWords(confirming: [nodes[2]], denying: Set(nodes.prefix(2)))
    #expect(Self.judge(image, kept, Self.standings(nodes)).deed == .nothing, "whoever keeps it looks after it")
    let part = KeepCase(node: nodes[3], digest: Self.digest, replicas: 2)
    #expect(Self.judge(part, denied, Self.standings(nodes)).deed == .nothing)
  }

  @Test func whoCannotKeepIsNotPlannedWith() {
    let nodes = Self.ranked(4)
    let words = KeepWords(denying: Set(nodes[2...]), unable: [nodes[1]])
    let judgement = Self.judge(Self.kept(by: nodes[0], 3, known: [nodes[1]]), words, Self.standings(nodes))
    #expect(judgement.told == [nodes[2], nodes[3]] && judgement.known.isEmpty)
  }

  @Test func whatWasNamedJustNowIsKeptByWhoNamedItAndWhoeverRanksHighest() {
    let nodes = Self.ranked(7)
    let members = Self.standings(nodes)
    let chosen = nodes.filter { node in
      KeepCase(node: node, digest: Self.digest, replicas: 3, writer: nodes[6]).isNewKeeper(
        among: members, patience: Self.patience)
    }
    #expect(Set(chosen) == [nodes[0], nodes[1], nodes[6]])
  }

  /// Of a large fleet few are asked, and all who are known to keep it among them.
  @Test func inALargeFleetThoseAreAskedThatMayKnow() {
    let nodes = Self.ranked(200)
    let image = KeepCase(
      node: nodes[0], digest: Self.digest, replicas: 2, known: [nodes[150]], writer: nodes[199])
    let asked = image.asked(of: Self.standings(nodes), patience: Self.patience)
    #expect(Set(asked) == Set(nodes[1...5]).union([nodes[150], nodes[199]]) && asked.count == 7)
    let few = image.asked(of: Self.standings(Array(nodes.prefix(8))), patience: Self.patience)
    #expect(Set(few) == Set(nodes[1...7]))
    let planned = image.planned(Self.standings(nodes), besides: [nodes[150]])
    #expect(planned.count == KeepCase.planned + 1)
  }

  /// Wherever it ranks, who is chosen since it is at the other site, or since the first ones are away, is asked by the others.
  @Test(arguments: [20, 200]) func whoeverShallKeepItIsAsked(_ count: Int) throws {
    let nodes = Self.ranked(count)
    let far = try #require(nodes.last)
    let sites = Dictionary(
      uniqueKeysWithValues: nodes.map { ($0, Standing(zone: Zone(parsing: $0 == far ? "there" : "here"))) })
    let image = KeepCase(node: nodes[0], digest: Self.digest, replicas: 2, writer: nodes[0])
    #expect(image.asked(of: sites, patience: Self.patience).contains(far))
    for node in nodes.dropLast() {
      let itself = KeepCase(node: node, digest: Self.digest, replicas: 2, writer: nodes[0])
      #expect(itself.isNewKeeper(among: sites, patience: Self.patience) == (node == nodes[0]))
    }
    let atFar = KeepCase(node: far, digest: Self.digest, replicas: 2, writer: nodes[0])
    #expect(atFar.isNewKeeper(among: sites, patience: Self.patience))
    // The first ten do not answer.
    let away = Self.standings(nodes, away: Dictionary(uniqueKeysWithValues: nodes.prefix(10).map { ($0, 1) }))
    let asker = KeepCase(node: nodes[15], digest: Self.digest, replicas: 2, writer: nodes[15])
    #expect(asker.asked(of: away, patience: Self.patience).contains(nodes[10]))
  }

  /// Whatever is said and whoever flaps: fewer than enough never become fewer, and no one who has no copy is counted.
  @Test(arguments: 0..<40) func noAnswersMakeTooManyLetGo(_ run: Int) {
    let seed = run < 20 ? UInt64(run) : UInt64.random(in: 20 ... .max)
    var chance = SplitMix64(seed: seed)
    let nodes = Self.ranked(Int.random(in: 2...12, using: &chance))
    var away: [NodeID: Int64] = [:]
    for node in nodes where Bool.random(using: &chance) { away[node] = Int64.random(in: 0...20, using: &chance) }
    let members = Self.standings(nodes, away: away)
    let replicas = Int.random(in: 1...4, using: &chance)
    let keepers = Set(nodes.filter { _ in Bool.random(using: &chance) })
    let answering = keepers.filter { members[$0]?.awayMilliseconds == nil }
    let staying = answering.filter { node in
      let words = KeepWords(confirming: answering.subtracting([node]))
      let image = Self.kept(by: node, replicas, known: keepers.subtracting([node]))
      return Self.judge(image, words, members).deed != .letGo
    }
    #expect(staying.count >= min(replicas, answering.count), "seed \(seed)")
  }
}

struct KeepingTimesTests {
  @Test func anAbsenceIsCountedFromWhenItWasSeenAndEndsWithAnAnswer() {
    let nodes = (1...3).map { NodeID([UInt8](repeating: $0, count: NodeID.byteCount))! }
    var absences = Absences()
    absences.see([nodes[0]], at: 1_000)
    absences.see([nodes[0], nodes[1]], at: 5_000)
    #expect(absences.milliseconds(of: nodes[0], at: 7_000) == 6_000)
    #expect(absences.gone(after: 3_000, at: 7_000) == [nodes[0]])
    #expect(absences.gone(after: 2_000, at: 7_000) == [nodes[0], nodes[1]])
    absences.see([nodes[1]], at: 8_000)
    absences.see([nodes[0], nodes[1]], at: 9_000)
    #expect(absences.milliseconds(of: nodes[0], at: 9_500) == 500)
    #expect(absences.milliseconds(of: nodes[2], at: 9_500) == nil)
    absences.forget()
    #expect(absences.gone(after: 0, at: 9_500).isEmpty)
  }

  @Test func whoIsHeardOfAndSaysNothingIsAsGoodAsAwayUntilItAnswers() {
    let nodes = (1...3).map { NodeID([UInt8](repeating: $0, count: NodeID.byteCount))! }
    var absences = Absences()
    absences.hear(silent: [nodes[0], nodes[1]], others: [nodes[2]], at: 1_000)
    absences.hear(silent: [nodes[0]], others: [nodes[1]], at: 3_000)
    // It is not doubted, and that is no answer.
    absences.see([nodes[2]], at: 4_000)
    #expect(absences.milliseconds(of: nodes[0], at: 6_000) == 5_000)
    #expect(absences.milliseconds(of: nodes[1], at: 6_000) == nil)
    #expect(absences.gone(after: 5_000, at: 6_000) == [nodes[0]])
    absences.see([nodes[0]], at: 7_000)
    #expect(absences.milliseconds(of: nodes[0], at: 8_000) == 7_000, "since the earlier of both")
    absences.keep([nodes[1], nodes[2]])
    absences.see([], at: 9_000)
    #expect(absences.gone(after: 0, at: 9_000).isEmpty)
  }

  @Test func eachLookIsPutOffTwiceAsLongUpToALimit() {
    var later = LaterLooks<String>(first: 1_000, longest: 5_000, limit: 2)
    later.note("a", at: 0)
    later.note("a", at: 900)
    #expect(later.nextDue == 1_000 && later.due(at: 999, limit: 9).isEmpty && later.due(at: 1_000, limit: 9) == ["a"])
    var pauses: [Int64] = []
    for now in stride(from: Int64(10_000), through: 60_000, by: 10_000) {
      later.putOff("a", at: now)
      pauses.append((later.nextDue ?? 0) - now)
    }
    #expect(pauses == [1_000, 2_000, 4_000, 5_000, 5_000, 5_000] && later.round(of: "a") == 6)
    #expect(later.isWaiting("a", at: 60_001))
    later.putOff("b", at: 0)
    later.putOff("c", at: 0)
    #expect(later.count == 2 && !later.isWaiting("c", at: 0), "what does not fit is not remembered")
    later.settle("a")
    #expect(later.count == 1 && later.round(of: "a") == 0)
  }

  @Test func repairsAreHeldToTheirRateOnAverage() {
    var pace = RepairPace(bytesPerSecond: 1_000)
    #expect(pace.wait(at: 50) == 0)
    pace.spend(2_500, at: 50)
    #expect(pace.wait(at: 50) == 2_500 && pace.wait(at: 2_550) == 0)
    pace.spend(500, at: 2_000)
    #expect(pace.wait(at: 2_000) == 1_050)
    pace.spend(1_000, at: 100_000)
    #expect(pace.wait(at: 100_000) == 1_000, "what was not used is not saved up")
    var free = RepairPace(bytesPerSecond: 0)
    free.spend(.max, at: 0)
    #expect(free.wait(at: 0) == 0)
    var huge = RepairPace(bytesPerSecond: 1 << 40)
    huge.spend(16 << 40, at: 0)
    #expect(huge.wait(at: 0) == 16_000)
  }
}
