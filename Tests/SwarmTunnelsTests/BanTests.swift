import RegistryCore
import SwarmTunnels
import Testing

extension Tunnels {
  /// Members whose engines sent wrong bytes.
  struct BanTests {
    @Test func whoIsBannedIsCutAndNothingIsCarriedEitherWay() async throws {
      try await withNodes(3) { _, nodes in
        let (a, liar, other) = (nodes[0], nodes[1], nodes[2])
        let way = try await a.tunnels.endpoint(of: liar.node)
        let running = try a.engine.dial(way, a.tunnels, torrent(7))
        try running.send([1])
        #expect(try liar.engine.guest().receive(exactly: 1) == [1])

        a.tunnels.banned(way.address, from: torrent(7))
        #expect(a.bans.withLock { $0 } == [liar.node])
        a.tunnels.hangUp(on: liar.node)
        #expect(running.drain().bytes.isEmpty, "it has ended")
        await #expect(throws: RegistryError.self) { try await a.tunnels.endpoint(of: liar.node) }

        // It knocks, and is not let in.
        let knocking = try liar.engine.dial(try await liar.tunnels.endpoint(of: a.node), liar.tunnels, torrent(7))
        #expect(knocking.drain().bytes.isEmpty)
        let isRefused = eventually { a.tunnels.meter.banned.value > 0 }
        #expect(isRefused && a.engine.guests.isEmpty)
        knocking.finish()

        // Others come and go, and it is another's member as ever.
        let next = try other.engine.dial(try await other.tunnels.endpoint(of: a.node), other.tunnels, torrent(7))
        try next.send([2])
        #expect(try a.engine.guest().receive(exactly: 1) == [2])
        next.finish()
        #expect(try await other.tunnels.endpoint(of: liar.node).address.hasPrefix("127.77."))
      }
    }

    @Test func whoIsForgottenComesInAgain() async throws {
      try await withNodes { _, nodes in
        let (a, liar) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: liar.node)
        a.tunnels.banned(way.address, from: torrent(7))
        a.tunnels.hangUp(on: liar.node)
        a.bans.withLock { $0 = [] }
        let again = try await a.tunnels.endpoint(of: liar.node)
        #expect(again.address == way.address, "as ever")
        let dialled = try a.engine.dial(again, a.tunnels, torrent(8))
        try dialled.send([3])
        #expect(try liar.engine.guest().receive(exactly: 1) == [3])
        dialled.finish()
      }
    }

    @Test func anAddressThatIsNobodysBansNobody() async throws {
      try await withNodes { _, nodes in
        nodes[0].tunnels.banned("127.77.200.200", from: torrent(7))
        #expect(nodes[0].bans.withLock { $0.isEmpty })
      }
    }
  }
}
