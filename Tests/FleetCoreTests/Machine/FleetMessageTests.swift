import RegistryCore
import RegistryTesting
import Testing

@testable import FleetCore

@Suite struct FleetMessageTests {
  private static let notary = SimulatedNotary(number: 1)

  private static func digest(_ byte: UInt8) -> [UInt8] { [UInt8](repeating: byte, count: 16) }

  static let samples: [FleetMessage] = {
    var chain = Chain(notary)
    chain.say(1...5)
    var branch = Chain(notary)
    branch.say("another")
    let head = WriterHead(writer: chain.writer, sequence: 5, hash: 0xFEDC_BA98_7654_3210)
    let greeting = Greeting(
      heads: HeadsDigest(bytes: digest(1))!, directory: DirectoryDigest(bytes: digest(2))!,
      cards: DirectoryDigest(bytes: digest(3))!, incarnation: 4, wall: 1_700_000_000_000,
      suspicions: [Suspicion(node: notary.node, incarnation: 3)], shortenings: 7)
    let gossip = Gossip(
      rumours: [Gossip.Rumour(chain.run()!, hops: 3)],
      news: DirectoryNews(records: [], forks: [ForkProof(chain.claims[0], branch.claims[0])!]), cards: [])
    let blobs = [UInt8(1), 2].map { Digest(algorithm: .sha256, hash: [UInt8](repeating: $0, count: 32)) }
    let batch = LeaseBatch(
      session: 7, number: 2, zone: nil, changes: [.init(blobs[0], .complete), .init(blobs[1], nil)])!
    let question = LocateQuestion(
      repository: (try? RepositoryName(parsing: "team/app"))!, digests: blobs, zone: Zone(parsing: "a/b"))!
    var earlier = greeting
    earlier.shortenings = nil
    return [
      .exchange(greeting), .exchange(earlier), .compare(Comparison(part: 2, of: 4, heads: [head])!),
      .heads([head, head]), .heads([]),
      .pull([Want(writer: chain.writer, after: 3)]), .runs([chain.run(after: 2)!]), .runs([]), .push(gossip),
      .push(Gossip()), .news(directory: ShelfSums(), cards: ShelfSums()), .probe(notary.node), .probed(true),
      .probed(false), .ownHeads, .taken, .busy, .unsupported, .announce(batch), .receipt(.kept), .receipt(.tellAll),
      .locate(question), .located(LocateAnswer([[Holder(notary.node, .partial)], []])!),
    ]
  }()

  @Test(arguments: samples.indices) func aMessageComesBackAsItWent(_ place: Int) {
    let message = Self.samples[place]
    #expect(FleetMessage(bytes: message.bytes) == message)
  }

  @Test func whatALaterReleaseSaysIsPassedOver() {
    #expect(FleetMessage(bytes: Array("d1:t8:teleport1:vi9ee".utf8)) == .unknown)
    #expect(FleetMessage(bytes: Array("d2:aai1e1:t5:taken1:vi9ee".utf8)) == .taken)
  }

  @Test(arguments: [
    "", "d", "de", "i1e", "d1:t5:takene", "d1:t5:taken1:vi0ee", "d1:ti1e1:vi1ee", "d4:node3:abc1:t5:probe1:vi1ee",
    "d5:heads55:\(String(repeating: "a", count: 55))1:t5:heads1:vi1ee", "d5:parti4e5:partsi4e1:t7:compare1:vi1ee",
    "d4:runsld1:ai0e1:cle1:hi0eee1:t4:runs1:vi1ee", "d4:runsld1:ai0e1:cl1:xi1ee1:hi0eee1:t4:runs1:vi1ee",
    "d5:cardsli1ee5:forksle7:recordsle4:runsle1:t4:push1:vi1ee",
  ]) func whatIsOutOfFormIsNoMessage(_ text: String) {
    #expect(FleetMessage(bytes: Array(text.utf8)) == nil)
  }

  /// A card, a record, a proof and a claim that only a later release reads, among others.
  @Test func whatCannotBeReadIsPassedOverAndTheRestTaken() throws {
    var chain = Chain(Self.notary)
    chain.say(1...3)
    let (claims, later) = (chain.claims.map { BencodeValue.bytes($0.bytes) }, BencodeValue.bytes(Array("later".utf8)))
    func run(_ claims: [BencodeValue]) -> BencodeValue {
      .dictionary(["a": .integer(0), "c": .list(claims), "h": .integer(1)])
    }
    func read(_ runs: [BencodeValue], type: String = "push") -> (message: FleetMessage, passedOver: Int)? {
      FleetMessage.read(
        BencodeValue.dictionary([
          "cards": .list([later]), "forks": .list([later, later]), "records": .list([later]), "runs": .list(runs),
          "t": .text(type), "v": .integer(1),
        ]).encoded)
    }
    let whole = try #require(chain.run())
    let head = try #require(ClaimRun(after: 0, [chain.claims[0]]))
    let mixed = try #require(read([run([later]), run([claims[0], later, claims[2]]), run(claims)]))
    #expect(mixed.message == .push(Gossip(rumours: [.init(head, hops: 1), .init(whole, hops: 1)])))
    #expect(mixed.passedOver == 7)
    #expect(try #require(read([])).message == .push(Gossip()))
    let pulled = try #require(read([run([claims[0], later])], type: "runs"))
    #expect(pulled.message == .runs([head]) && pulled.passedOver == 1)
  }

  /// Whatever bytes come: they are read or refused, and what was read is written as something that reads the same.
  @Test(arguments: [1, 2, 3]) func hostileBytesNeverTrap(seed: UInt64) {
    var chance = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      var bytes = Self.samples[chance.below(Self.samples.count)].bytes
      for _ in 0...chance.below(4) {
        switch chance.below(3) {
        case 0: bytes[chance.below(bytes.count)] = UInt8(chance.below(256))
        case 1: bytes.remove(at: chance.below(bytes.count))
        default: bytes.insert(UInt8(chance.below(256)), at: chance.below(bytes.count + 1))
        }
        if bytes.isEmpty { bytes = [0] }
      }
      if let message = FleetMessage(bytes: bytes), message != .unknown {
        #expect(FleetMessage(bytes: message.bytes) == message, "seed \(seed)")
      }
    }
  }
}
