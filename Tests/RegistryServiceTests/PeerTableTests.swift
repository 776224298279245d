import RegistryCore
import Testing

@testable import RegistryService

struct PeerTableTests {
  private let torrent = [UInt8](repeating: 1, count: 20)
  private let other = [UInt8](repeating: 2, count: 20)

  private func entry(_ number: Int, address: String? = nil, isSeed: Bool = false) -> PeerTable.Entry {
    PeerTable.Entry(
      endpoint: PeerEndpoint(address: address ?? "192.0.2.\(number)", port: UInt16(1000 + number)), isSeed: isSeed)
  }

  @Test func peersHearOfEachOtherAndNotOfThemselves() throws {
    var table = PeerTable()
    for number in 1...3 { try table.enter(entry(number), into: torrent, now: 0) }
    let heard = table.peers(for: entry(1), of: torrent, count: 50, start: 7)
    #expect(Set(heard) == Set([2, 3].map { entry($0).endpoint }))
    #expect(table.peers(for: entry(1), of: other, count: 50, start: 0).isEmpty)
    #expect(table.numbers(of: torrent) == (0, 3))
  }

  @Test func seedHearsOfNoSeeds() throws {
    var table = PeerTable()
    try table.enter(entry(1, isSeed: true), into: torrent, now: 0)
    try table.enter(entry(2, isSeed: true), into: torrent, now: 0)
    try table.enter(entry(3), into: torrent, now: 0)
    #expect(table.peers(for: entry(1, isSeed: true), of: torrent, count: 50, start: 0) == [entry(3).endpoint])
    #expect(table.peers(for: entry(3), of: torrent, count: 50, start: 0).count == 2)
    #expect(table.numbers(of: torrent) == (2, 1))
  }

  @Test func leecherBecomesASeedInItsPlace() throws {
    var table = PeerTable()
    try table.enter(entry(1), into: torrent, now: 0)
    try table.enter(entry(1, isSeed: true), into: torrent, now: 1)
    #expect(table.numbers(of: torrent) == (1, 0))
    #expect(table.peerCount == 1)
  }

  @Test func whoStopsOrStaysAwayIsGone() throws {
    var table = PeerTable(limits: .init(expirySeconds: 100))
    for number in 1...3 { try table.enter(entry(number), into: torrent, now: 0) }
    table.remove(entry(1).endpoint, from: torrent)
    table.remove(entry(9).endpoint, from: torrent)
    #expect(table.peerCount == 2)
    try table.enter(entry(2), into: torrent, now: 90)
    try table.enter(entry(4), into: other, now: 120)
    #expect(table.peers(for: entry(5), of: torrent, count: 50, start: 0) == [entry(2).endpoint])
    try table.enter(entry(4), into: other, now: 500)
    #expect(table.torrentCount == 1)
    #expect(table.peerCount == 1)
  }

  @Test func boundsHold() throws {
    var table = PeerTable(
      limits: .init(torrents: 2, peers: 6, peersPerTorrent: 3, entriesPerAddress: 2, expirySeconds: 100))
    try table.enter(entry(1, address: "198.51.100.1"), into: torrent, now: 0)
    try table.enter(entry(2, address: "198.51.100.1"), into: torrent, now: 1)
    #expect(throws: PeerTable.Refusal.tooManyOfAddress) {
      try table.enter(entry(3, address: "198.51.100.1"), into: torrent, now: 1)
    }
    try table.enter(entry(3), into: torrent, now: 2)
    // The swarm is full: who has not been heard of longest makes room.
    try table.enter(entry(4), into: torrent, now: 3)
    let heard = Set(table.peers(for: entry(9), of: torrent, count: 50, start: 0).map(\.port))
    #expect(heard == [1002, 1003, 1004])
    try table.enter(entry(5), into: other, now: 3)
    #expect(throws: PeerTable.Refusal.full) {
      try table.enter(entry(6), into: [UInt8](repeating: 3, count: 20), now: 3)
    }
    try table.enter(entry(1, address: "198.51.100.1"), into: other, now: 3)
    #expect(table.peerCount == 5)
  }

  @Test func everybodyHasHisTurnWhenThereAreMoreThanAreAskedFor() throws {
    var table = PeerTable()
    for number in 1...100 { try table.enter(entry(number), into: torrent, now: 0) }
    var heard: Set<PeerEndpoint> = []
    for start in 0..<100 {
      let peers = table.peers(for: entry(200), of: torrent, count: 5, start: UInt64(start))
      #expect(Set(peers).count == 5)
      heard.formUnion(peers)
    }
    #expect(heard.count == 100)
  }

  @Test func tableStaysWholeThroughRandomComingAndGoing() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededNumbers(seed: seed)
    var table = PeerTable(limits: .init(torrents: 4, peers: 20, peersPerTorrent: 6, entriesPerAddress: 8))
    for now in 0..<5000 {
      let torrent = [UInt8](repeating: UInt8(Int.random(in: 0..<6, using: &random)), count: 20)
      let peer = entry(
        Int.random(in: 0..<12, using: &random), address: "203.0.113.\(Int.random(in: 0..<4, using: &random))",
        isSeed: Int.random(in: 0..<2, using: &random) == 0)
      if Int.random(in: 0..<3, using: &random) == 0 {
        table.remove(peer.endpoint, from: torrent)
      } else {
        // Refused where a bound says so: the table must stay whole then too.
        try? table.enter(peer, into: torrent, now: Int64(now))
      }
      let known = (0..<6).map { table.numbers(of: [UInt8](repeating: UInt8($0), count: 20)) }
      #expect(known.reduce(0) { $0 + $1.seeds + $1.others } == table.peerCount)
      #expect(known.filter { $0.seeds + $0.others > 0 }.count == table.torrentCount)
      #expect(table.peerCount <= 20 && table.torrentCount <= 4)
    }
  }
}
