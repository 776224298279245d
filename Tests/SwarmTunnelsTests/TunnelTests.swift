import BlockingBodies
import Glibc
import OpenSSLKit
import RegistryCore
import SwarmCore
import SwarmTunnels
import Testing
import Wire

/// Two nodes in one process, each with an engine that speaks no BitTorrent.
@Suite(.serialized, .blocking)
enum Tunnels {}

func torrent(_ byte: UInt8) -> InfoHash { InfoHash(version: .v2, bytes: [UInt8](repeating: byte, count: 32)) }

/// Nodes of one fleet for a test, closed after it.
func withNodes(
  _ count: Int = 2, limits: TunnelLimits = .patient, _ body: (TestFleet, [TunnelNode]) async throws -> Void
) async throws {
  let fleet = try TestFleet()
  var nodes: [TunnelNode] = []
  var failure: (any Error)?
  do {
    for number in 0..<count { nodes.append(try TunnelNode(fleet, "node-\(number)", limits: limits)) }
    try await body(fleet, nodes)
  } catch {
    failure = error
  }
  for node in nodes { await node.close() }
  if let failure { throw failure }
}

extension Tunnels {
  struct CarryTests {
    @Test func membersOfOtherSitesHaveThePlaceOfThoseWhoAreFar() async throws {
      try await withNodes(3) { fleet, nodes in
        let (a, b, c) = (nodes[0], nodes[1], nodes[2])
        fleet.move(c.node, isFar: true)
        let (near, far) = (try await a.tunnels.endpoint(of: b.node), try await a.tunnels.endpoint(of: c.node))
        #expect(a.engine.far == [near.address: false, far.address: true])
        // It says that it stands elsewhere from now on, and comes.
        fleet.move(c.node, isFar: false)
        let dialled = try c.engine.dial(try await c.tunnels.endpoint(of: a.node), c.tunnels, torrent(7))
        _ = try a.engine.guest()
        #expect(a.engine.far == [near.address: false, far.address: false])
        dialled.finish()
      }
    }

    /// What one engine dials ends up at the other's door, from the member's address there.
    @Test func connectionIsCarriedToTheMemberThatWasMeant() async throws {
      try await withNodes { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: b.node)
        #expect(way.address.hasPrefix("127.77."))
        #expect(a.tunnels.member(at: way.address) == b.node)
        // Here the engine says so afterwards, which it may.
        let dialled = try a.engine.dial(way, a.tunnels, torrent(7), saysSo: false)
        a.tunnels.dialled(from: dialled.near, to: way, for: torrent(7))
        try dialled.send(Array("hello".utf8))
        let guest = try b.engine.guest()
        #expect(try guest.receive(exactly: 5) == Array("hello".utf8))
        #expect(b.tunnels.member(at: guest.near.address) == a.node)
        #expect(b.engine.woken == [torrent(7).short])
        let answer = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 >> 3) }
        try guest.send(answer)
        guest.finish()
        let received = dialled.drain()
        #expect(received.bytes == answer)
        #expect(!received.isCut)
        dialled.finish()
        #expect(guest.drain() == ([], false))
        let idle = eventually { a.tunnels.meter.idle.value == 1 && a.tunnels.meter.outgoing.value == 0 }
        #expect(idle)
        #expect(a.tunnels.meter.bytes.received == Int64(answer.count))
        #expect(b.tunnels.meter.bytes.received == 5)
      }
    }

    @Test func tunnelThatIsThereIsUsedAgain() async throws {
      try await withNodes { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: b.node)
        for round in 0..<5 {
          let dialled = try a.engine.dial(way, a.tunnels, torrent(UInt8(round)))
          try dialled.send([UInt8(round)])
          let guest = try b.engine.guest(after: round)
          #expect(try guest.receive(exactly: 1) == [UInt8(round)])
          dialled.finish()
          #expect(guest.drain() == ([], false))
          guest.finish()
          let rests = eventually { a.tunnels.meter.idle.value == 1 }
          #expect(rests)
        }
        #expect(a.tunnels.meter.dialled.value == 1)
        #expect(a.tunnels.meter.reused.value == 4)
        #expect(try await a.tunnels.endpoint(of: b.node) == way)
      }
    }

    @Test func connectionsAtOnceHaveATunnelEach() async throws {
      try await withNodes { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: b.node)
        let dialled = try (0..<6).map { try a.engine.dial(way, a.tunnels, torrent(UInt8($0))) }
        for (number, connected) in dialled.enumerated() { try connected.send([UInt8(number)]) }
        let all = eventually { b.engine.guests.count == 6 }
        #expect(all)
        let heard = try b.engine.guests.map { try $0.receive(exactly: 1)[0] }
        #expect(heard.sorted() == [0, 1, 2, 3, 4, 5])
        #expect(a.tunnels.meter.dialled.value == 6)
        for connected in dialled { connected.finish() }
        for guest in b.engine.guests { guest.finish() }
        // The others are closed: two a member are enough to wait.
        let rest = eventually { b.server.statistics.openConnections == 2 && a.tunnels.meter.idle.value == 2 }
        #expect(rest)
      }
    }

    @Test func tunnelThatWasDialledAheadIsTheOneThatIsUsed() async throws {
      try await withNodes { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        a.tunnels.dialAhead([b.node])
        let ready = eventually { a.tunnels.meter.idle.value == 1 }
        #expect(ready)
        let way = try await a.tunnels.endpoint(of: b.node)
        let dialled = try a.engine.dial(way, a.tunnels, torrent(1))
        try dialled.send([9])
        #expect(try b.engine.guest().receive(exactly: 1) == [9])
        #expect(a.tunnels.meter.dialled.value == 1)
      }
    }

    @Test func tunnelThatTheOtherEndHasClosedIsReplaced() async throws {
      var limits = TunnelLimits.patient
      // Of the second tunnel the preface must come within it.
      limits.prefaceDeadline = .seconds(3)
      try await withNodes(limits: limits) { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        a.tunnels.dialAhead([b.node])
        let ready = eventually { a.tunnels.meter.dialled.value == 1 }
        #expect(ready)
        let closed = eventually { b.server.statistics.openConnections == 0 }
        #expect(closed)
        let way = try await a.tunnels.endpoint(of: b.node)
        let dialled = try a.engine.dial(way, a.tunnels, torrent(1))
        try dialled.send([9])
        #expect(try b.engine.guest().receive(exactly: 1) == [9])
        #expect(a.tunnels.meter.dialled.value == 2)
      }
    }

    @Test func tunnelThatNobodyNeedsIsClosed() async throws {
      var limits = TunnelLimits.patient
      limits.idleDeadline = .milliseconds(50)
      try await withNodes(limits: limits) { _, nodes in
        nodes[0].tunnels.dialAhead([nodes[1].node])
        let closed = eventually {
          nodes[0].tunnels.meter.dialled.value == 1 && nodes[1].server.statistics.openConnections == 0
        }
        #expect(closed)
        let forgotten = eventually { nodes[0].tunnels.meter.idle.value == 0 }
        #expect(forgotten)
      }
    }

    // MARK: Refused

    @Test func torrentThatIsNotThereIsRefusedAndTheTunnelStays() async throws {
      try await withNodes { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        b.engine.forget(torrent(1).short)
        let way = try await a.tunnels.endpoint(of: b.node)
        let refused = try a.engine.dial(way, a.tunnels, torrent(1))
        #expect(refused.drain() == ([], true))
        #expect(b.engine.guests.isEmpty)
        let rests = eventually { a.tunnels.meter.idle.value == 1 }
        #expect(rests)
        let dialled = try a.engine.dial(way, a.tunnels, torrent(2))
        try dialled.send([9])
        #expect(try b.engine.guest().receive(exactly: 1) == [9])
        #expect(a.tunnels.meter.reused.value == 1)
      }
    }

    @Test func memberThatIsNotThereIsAClosedConnection() async throws {
      try await withNodes { fleet, nodes in
        let gone = try fleet.certify("gone").node
        fleet.add(gone, at: [PeerEndpoint(address: "127.0.0.1", port: 1)])
        let way = try await nodes[0].tunnels.endpoint(of: gone)
        let dialled = try nodes[0].engine.dial(way, nodes[0].tunnels, torrent(1))
        #expect(dialled.drain() == ([], true))
        #expect(nodes[0].tunnels.meter.unreached.value == 1)
      }
    }

    @Test func oneConnectionTooManyIsRefused() async throws {
      var limits = TunnelLimits.patient
      limits.connectionsOfMember = 2
      try await withNodes(limits: limits) { _, nodes in
        let (a, b) = (nodes[0], nodes[1])
        let way = try await a.tunnels.endpoint(of: b.node)
        let dialled = try (0..<2).map { try a.engine.dial(way, a.tunnels, torrent(UInt8($0))) }
        _ = try b.engine.guest(after: 1)
        let third = try a.engine.dial(way, a.tunnels, torrent(3))
        #expect(third.drain() == ([], true))
        #expect(b.engine.guests.count == 2)
        withExtendedLifetime(dialled) {}
      }
    }

    @Test func wayToWhoIsNoMemberIsRefused() async throws {
      try await withNodes(1) { fleet, nodes in
        let stranger = try fleet.certify("stranger").node
        await #expect(throws: RegistryError.self) { try await nodes[0].tunnels.endpoint(of: stranger) }
      }
    }
  }
}
