import RegistryCore
import Testing

@testable import RegistryService

struct SwarmGuestsTests {
  private let now = ContinuousClock.now
  private let torrent = [UInt8](repeating: 7, count: 20)
  private let other = [UInt8](repeating: 8, count: 20)
  private var members: [NodeID] { (1...5).map { JoinedNodes.id($0) } }

  private func guests(limit: Int = 100) -> SwarmGuests { SwarmGuests(limit: limit, memory: .seconds(600)) }

  @Test func whoAskedMayConnectForThatTorrentAndForAWhile() {
    var guests = guests()
    guests.note(members[0], for: torrent, in: SwarmNode.open, at: now)
    guests.note(members[0], for: torrent, in: SwarmNode.closed, at: now + .seconds(300))
    let both = [SwarmNode.open, SwarmNode.closed]
    #expect(guests.repositories(of: members[0], for: torrent, at: now + .seconds(599)) == both)
    #expect(guests.repositories(of: members[0], for: torrent, at: now + .seconds(600)) == [SwarmNode.closed])
    #expect(guests.repositories(of: members[0], for: torrent, at: now + .seconds(900)).isEmpty)
    #expect(guests.repositories(of: members[1], for: torrent, at: now).isEmpty)
    #expect(guests.repositories(of: members[0], for: other, at: now).isEmpty)
  }

  @Test func whoAsksLearnsOfTheOthersThatAskedForTheSame() {
    var guests = guests()
    for (second, member) in members.prefix(4).enumerated() {
      guests.note(member, for: torrent, in: SwarmNode.open, at: now + .seconds(second))
    }
    guests.note(members[4], for: torrent, in: SwarmNode.closed, at: now)
    guests.note(members[0], for: torrent, in: SwarmNode.open, at: now + .seconds(9))
    func others(_ limit: Int, after seconds: Int) -> [NodeID] {
      guests.others(
        than: members[1], for: torrent, in: SwarmNode.open, at: now + .seconds(seconds), limit: limit)
    }
    #expect(others(9, after: 10) == [members[0], members[3], members[2]])
    #expect(others(2, after: 10) == [members[0], members[3]])
    #expect(others(9, after: 602) == [members[0], members[3]])
  }

  @Test func whatIsRememberedIsBounded() {
    var guests = guests(limit: 3)
    for member in members.prefix(3) { guests.note(member, for: torrent, in: SwarmNode.open, at: now) }
    #expect(guests.count == 3)
    // Those of ten minutes ago make room, and then all do.
    guests.note(members[3], for: other, in: SwarmNode.open, at: now + .seconds(600))
    #expect(guests.count == 1)
    for member in members.prefix(3) { guests.note(member, for: torrent, in: SwarmNode.open, at: now + .seconds(601)) }
    #expect(guests.count == 1)
    #expect(guests.repositories(of: members[2], for: torrent, at: now + .seconds(601)) == [SwarmNode.open])
  }
}
