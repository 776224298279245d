import BlockingBodies
import BlockingWork
import Glibc
import OpenSSLKit
import RegistryCore
import SwarmCore
import SwarmTunnels
import Testing
import Wire

extension Tunnels {
  /// Both ends on loopback, against everybody else on this machine.
  struct ShutDoorsTests {
    /// From wherever another process dials, at whatever time, it hears nothing, and nobody hears it.
    @Test func otherProcessesHearNothingAtEitherEnd() async throws {
      try await withNodes { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: b.node)
        let doors = try [way, #require(a.engine.doorstep), #require(b.engine.doorstep)]
        // The address by which each knows the other is among them.
        let sources = ["127.0.0.1", "127.77.0.1", way.address, "127.77.200.9"]
        func tryAll(_ moment: String) throws {
          for source in sources {
            for door in doors {
              #expect(try Stranger.dial(door, from: source) == 0, "\(moment), from \(source) to \(door)")
            }
          }
          // Who says nothing hears nothing either.
          #expect(try Stranger.dial(way, from: "127.0.0.1", speaks: false) == 0)
        }
        try tryAll("before")
        let dialled = try a.engine.dial(way, a.tunnels, torrent(7))
        try dialled.send(Array("hello".utf8))
        let guest = try b.engine.guest()
        #expect(try guest.receive(exactly: 5) == Array("hello".utf8))
        try tryAll("during")
        try guest.send(Array("world".utf8))
        #expect(try dialled.receive(exactly: 5) == Array("world".utf8))
        dialled.finish()
        #expect(guest.drain() == ([], false))
        guest.finish()
        #expect(dialled.drain() == ([], false))
        try tryAll("after")
        // Each of them was met, in each of the three moments.
        #expect(a.tunnels.meter.unregistered.value == 3 * Int64(sources.count) + 3)
        #expect(a.engine.strangers == 3 * sources.count)
        #expect(b.engine.strangers == 3 * sources.count)
        #expect(b.engine.guests.count == 1 && a.engine.guests.isEmpty)
        #expect(b.tunnels.meter.bytes.received == 5)
      }
    }

    @Test func connectionThatTheEngineDidNotSayIsClosedUnread() async throws {
      try await withNodes { _, nodes in
        let way = try await nodes[0].tunnels.endpoint(of: nodes[1].node)
        let silent = try nodes[0].engine.dial(way, nodes[0].tunnels, torrent(1), saysSo: false)
        #expect(silent.isCutUnheard(saying: Array("hello".utf8)))
        #expect(nodes[0].tunnels.meter.unregistered.value == 1)
        #expect(nodes[0].tunnels.meter.dialled.value == 0)
      }
    }

    @Test func wordOfTheEngineIsGoodForOneConnectionAndOneListener() async throws {
      try await withNodes(3) { _, nodes in
        let a = nodes[0]
        let (toB, toC) = (
          try await a.tunnels.endpoint(of: nodes[1].node), try await a.tunnels.endpoint(of: nodes[2].node)
        )
        #expect(toB != toC)
        let other = try a.engine.dial(toB, a.tunnels, torrent(1), saysSo: false)
        a.tunnels.dialled(from: other.near, to: toC, for: torrent(1))
        a.tunnels.dialled(from: other.near, to: PeerEndpoint(address: toB.address, port: 1), for: torrent(1))
        #expect(other.drain() == ([], true))
        #expect(a.tunnels.meter.dialled.value == 0)
      }
    }
  }

  /// The fleet's port, against those who are no members.
  struct StrangerTests {
    /// What a client of the protocol hears after it said the start of a connection.
    private func heard(
      _ node: TunnelNode, _ papers: TestFleet.Papers?, authority: Certificate
    ) throws -> (bytes: Int, spoke: Bool) {
      guard case .network(let address, let port) = node.place else { throw FakeEngine.Failure(code: EINVAL) }
      let raw = try Connected(to: PeerEndpoint(address: address, port: port), from: "127.0.0.1")
      let context = try TLSClientContext(
        papers.map { .memory([$0.certificate], $0.key) }, trust: .authority(authority),
        protocols: [SwarmTunnels.protocolName])
      let session = try context.makeSession(socket: raw.descriptor)
      guard case .bytes = session.handshake() else { return (0, false) }
      let preface = try #require(TunnelPreface(torrent: torrent(1).short)).bytes
      let frame: [UInt8] = [0, 0, 5] + Array("hello".utf8)
      _ = (preface + frame).withUnsafeBytes { session.write($0) }
      var count = 0
      var buffer = [UInt8](repeating: 0, count: 4 << 10)
      while case .bytes(let more) = buffer.withUnsafeMutableBytes({ session.read(into: $0) }) { count += more }
      return (count, true)
    }

    @Test func strangersHearNothingWhateverTheyShow() async throws {
      try await withNodes(1) { fleet, nodes in
        let (node, own) = (nodes[0], fleet.authority.certificate)
        let removed = try fleet.certify("removed")
        let foreign = try TestFleet().certify("foreign")
        #expect(try heard(node, nil, authority: own).bytes == 0)
        #expect(try heard(node, removed, authority: own).bytes == 0)
        #expect(try heard(node, foreign, authority: own).bytes == 0)
        let counted = eventually {
          node.tunnels.meter.strangers.value == 2 && node.server.statistics.failedHandshakes == 1
        }
        #expect(counted)
        #expect(node.engine.guests.isEmpty && node.engine.woken.isEmpty)
        // And a member the answer, so the others were not refused for something else.
        let member = try fleet.certify("member")
        fleet.add(member.node, at: [])
        async let bytes = Task.detached { try heard(node, member, authority: own).bytes }.value
        let guest = try node.engine.guest()
        #expect(try guest.receive(exactly: 5) == Array("hello".utf8))
        guest.finish()
        node.engine.dropGuests()
        withExtendedLifetime(guest) {}
        fleet.remove(member.node)
        node.tunnels.cut([member.node])
        // The answer, and maybe the end.
        #expect(try await bytes >= 1)
      }
    }

    @Test func tunnelsOfARemovedMemberAreCutAtBothEndsOfTheFleet() async throws {
      for isDialler in [true, false] {
        try await withNodes(3) { fleet, nodes in
          let (a, b, c) = (nodes[0], nodes[1], nodes[2])
          let way = try await a.tunnels.endpoint(of: b.node)
          let dialled = try a.engine.dial(way, a.tunnels, torrent(1))
          let kept = try c.engine.dial(try await c.tunnels.endpoint(of: b.node), c.tunnels, torrent(1))
          try dialled.send([1])
          try kept.send([2])
          let all = eventually { b.engine.guests.count == 2 }
          #expect(all)
          let (removed, remaining) = isDialler ? (a, b) : (b, a)
          fleet.remove(removed.node)
          let began = MonotonicClock.now
          remaining.tunnels.cut([removed.node])
          #expect(dialled.drain().isCut)
          print("a removed member's connection was cut in \((MonotonicClock.now - began) / 1000) µs")
          #expect(MonotonicClock.now - began < 20_000_000_000)
          #expect(remaining.engine.dismissed.count == 1)
          if isDialler {
            try kept.send([3])
            let guest = try #require(b.engine.guests.first { b.tunnels.member(at: $0.near.address) == c.node })
            #expect(try guest.receive(exactly: 2) == [2, 3])
          }
          // It comes no more, and there is no way to it.
          await #expect(throws: RegistryError.self) { try await remaining.tunnels.endpoint(of: removed.node) }
          let again = try removed.engine.dial(
            try await removed.tunnels.endpoint(of: remaining.node), removed.tunnels, torrent(1))
          #expect(again.isCutUnheard(saying: [4]))
        }
      }
    }

    @Test func memberThatIsRemovedBetweenTwoConnectionsIsNotServedAgain() async throws {
      try await withNodes { fleet, nodes in
        let (a, b) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: b.node)
        a.tunnels.dialAhead([b.node])
        let ready = eventually { a.tunnels.meter.idle.value == 1 }
        #expect(ready)
        // The cut has not come yet.
        fleet.remove(a.node)
        let dialled = try a.engine.dial(way, a.tunnels, torrent(1))
        #expect(dialled.isCutUnheard(saying: [1]))
        #expect(b.engine.woken.isEmpty && b.engine.guests.isEmpty)
      }
    }
  }
}
