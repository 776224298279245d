import FleetCore
import RegistryCore
import Testing

/// What every order and every repetition must come to, tried with chance.
@Suite struct DirectoryConvergenceTests {
  /// All that issuers who know little of each other, and a few nodes with two tongues, might say.
  private func statements(_ chance: inout SeededChance) -> (records: [FleetRecord], forks: [ForkProof]) {
    let bench = FleetBench()
    var records: [FleetRecord] = []
    for _ in 0..<60 {
      let (number, subject) = (Int64.random(in: 1...8, using: &chance), Int.random(in: 1...5, using: &chance))
      let life = Int64.random(in: 1...3, using: &chance)
      let statement: FleetRecord.Statement =
        switch Int.random(in: 0..<6, using: &chance) {
        case 0, 1: bench.membership(subject, life: life)
        case 2: bench.membership(subject, isMember: false, life: life, limits: [1: number])
        case 3: .issuer(node(subject), Issuance(life: life, mayIssue: Bool.random(using: &chance)))
        case 4: .other(subject: "later/\(subject)", content: [UInt8(number)])
        default: .policy(policy(history: Int(number)))
        }
      records.append(bench.record(number, statement))
    }
    let forks = (0..<40).map { _ in
      bench.fork(
        Int.random(in: 1...5, using: &chance), epoch: Int64.random(in: 1...24, using: &chance),
        sequence: Int64.random(in: 1...4, using: &chance), "a", ["b", "c", "d"].randomElement(using: &chance)!)
    }
    return (records, forks)
  }

  private func policy(history: Int) -> FleetPolicy {
    var rules = PolicyRules()
    rules.historyEntries = history
    return (try? FleetPolicy(rules, text: "")) ?? FleetPolicy()
  }

  private func expectSame(_ one: Directory, _ other: Directory) {
    #expect(one.digest == other.digest && one.summary == other.summary)
    #expect(one.records == other.records && one.forks == other.forks)
    #expect(Array(one.members) == Array(other.members) && Array(one.issuers) == Array(other.issuers))
    #expect(one.nameRules == other.nameRules && one.policy == other.policy)
  }

  @Test(arguments: 0..<40) func theSameRecordsInAnyOrderMakeTheSameDirectory(seed: UInt64) {
    var chance = SeededChance(seed: seed)
    let (records, forks) = statements(&chance)
    var directories: [Directory] = []
    for _ in 0..<4 {
      var directory = Directory(fleetKey: key(0), notary: FleetBench.notary)
      for record in (records + records).shuffled(using: &chance) {
        #expect([.new, .known].contains(directory.take(record, notary: FleetBench.notary)))
      }
      for fork in (forks + forks).shuffled(using: &chance) { _ = directory.take(fork, notary: FleetBench.notary) }
      directories.append(directory)
    }
    for other in directories.dropFirst() { expectSame(directories[0], other) }
    #expect(!directories[0].records.isEmpty)
  }

  @Test(arguments: 0..<20) func whoTellEachOtherWhatDiffersComeToTheSame(seed: UInt64) {
    var chance = SeededChance(seed: 1000 + seed)
    let (records, forks) = statements(&chance)
    var nodes = (0..<2).map { _ in Directory(fleetKey: key(0), notary: FleetBench.notary) }
    for record in records { _ = nodes.randomElement(&chance) { $0.take(record, notary: FleetBench.notary) } }
    for fork in forks { _ = nodes.randomElement(&chance) { $0.take(fork, notary: FleetBench.notary) } }
    var rounds = 0
    while nodes[0].digest != nodes[1].digest, rounds < 2000 {
      let (teller, listener) = rounds.isMultiple(of: 2) ? (0, 1) : (1, 0)
      // So little fits that each shelf takes several turns.
      let news = nodes[teller].news(for: nodes[listener].summary, byteLimit: 900, turn: chance.next())
      #expect(news.records.count + news.forks.count == 1 || news.byteCount <= 900)
      for record in news.records { _ = nodes[listener].take(record, notary: FleetBench.notary) }
      for fork in news.forks { _ = nodes[listener].take(fork, notary: FleetBench.notary) }
      rounds += 1
    }
    expectSame(nodes[0], nodes[1])
    #expect(nodes[0].news(for: nodes[1].summary, byteLimit: 1000, turn: 3).isEmpty)
  }
}

extension DirectoryNews {
  fileprivate var byteCount: Int { records.reduce(0) { $0 + $1.byteCount } + forks.reduce(0) { $0 + $1.byteCount } }
}

extension [Directory] {
  fileprivate mutating func randomElement(
    _ chance: inout SeededChance, _ change: (inout Directory) -> Taking
  ) -> Taking {
    change(&self[Int.random(in: indices, using: &chance)])
  }
}
