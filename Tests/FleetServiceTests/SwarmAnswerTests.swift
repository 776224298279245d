import RegistryCore
import RegistryTesting
import Testing

@testable import FleetHTTP

struct SwarmAnswerTests {
  private static let blob = seededBytes(300_000, seed: 8)
  private static let members = (1...60).map { NodeID([UInt8](repeating: $0, count: NodeID.byteCount))! }

  private static func ticket() throws -> SwarmTicket {
    try #require(SwarmTicket.hashing(blob, as: .hashing(blob)))
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let ticket = try Self.ticket()
    for answer in [
      SwarmAnswer(isWhole: true, ticket: ticket, others: Array(Self.members.prefix(3))),
      SwarmAnswer(isWhole: false, ticket: nil, others: []),
      SwarmAnswer(isWhole: false, ticket: ticket, others: [], receivedBytes: 77),
    ] {
      #expect(SwarmAnswer(bytes: answer.bytes) == answer)
    }
  }

  @Test func noMoreMembersAreToldThanAreWanted() throws {
    let answer = SwarmAnswer(isWhole: true, ticket: nil, others: Self.members)
    #expect(SwarmAnswer(bytes: answer.bytes)?.others == Array(Self.members.prefix(50)))
  }

  @Test func whatALaterReleaseSaysBesidesIsPassedOver() {
    let later = Array("d3:newli1ee6:othersle5:statei2e1:vi7ee".utf8)
    #expect(SwarmAnswer(bytes: later) == SwarmAnswer(isWhole: false, ticket: nil, others: []))
  }

  @Test(arguments: [
    "", "de", "d6:othersle5:statei3e1:vi1ee", "d6:othersle5:statei1e1:vi0ee", "d6:othersle5:statei1ee",
    "d5:statei1e1:vi1ee", "d6:othersle5:statei1e6:ticket2:de1:vi1ee", "d6:othersle5:statei1e1:vi1ee ",
  ])
  func whatIsNoAnswerIsNone(_ text: String) {
    #expect(SwarmAnswer(bytes: Array(text.utf8)) == nil)
  }

  @Test func aDamagedAnswerIsReadAsOneOrAsNone() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("damaged swarm answers, seed \(seed)")
    var state = seed
    func chance(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    let ticket = try Self.ticket()
    let sound = SwarmAnswer(isWhole: true, ticket: ticket, others: Array(Self.members.prefix(2))).bytes
    for _ in 0..<2_000 {
      var bytes = sound
      bytes[chance(bytes.count)] = UInt8(chance(256))
      if chance(2) == 0 { bytes.removeLast(chance(bytes.count)) }
      // It does not trap, and a ticket that is read agrees with itself.
      if let read = SwarmAnswer(bytes: bytes)?.ticket { #expect(read.pieceLayer.count == ticket.pieceLayer.count) }
    }
  }

  @Test func whoWasAskedIsNotAskedAgainAndStrangersAreNotAskedAtAll() throws {
    let ticket = try Self.ticket()
    var search = SwarmSearch(limit: 3, among: Array(Self.members.prefix(5)))
    #expect(search.next(Array(Self.members[1..<9])) == Array(Self.members[1..<4]))
    #expect(search.next(Array(Self.members[0..<3])) == [Self.members[0]])
    let part = SwarmPeer(member: Self.members[1], isWhole: false, ticket: ticket)
    let whole = SwarmPeer(member: Self.members[2], isWhole: true, ticket: ticket)
    let others = [Self.members[2], Self.members[3], Self.members[40]]
    #expect(search.take(part, others: others) == true)
    #expect(search.take(whole, others: others) == false)
    #expect(search.finding == SwarmFinding(peers: [whole, part], others: [Self.members[3]]))
  }
}
