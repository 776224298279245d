import BlockingWork
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  /// Streams that are dialled, and plain listeners beside them.
  struct DialTests {
    private let fleet: Fleet

    init() throws { fleet = try Fleet(protocols: ["http/1.1", echoProtocol]) }

    private func withServer(
      _ fleet: Fleet, _ taker: ClosureTaker = .echo(), _ body: (HTTPServer, PeerAddress) async throws -> Void
    ) async throws {
      let configuration = HTTPServer.Configuration(
        listeners: [.tcp(host: "127.0.0.1", port: 0, tls: fleet.tls)], loops: 2, diskThreads: 1,
        takers: [echoProtocol: taker])
      let server = try HTTPServer(configuration: configuration, handler: ClosureHandler.whoAmI())
      do {
        try await body(server, server.addresses[0])
      } catch {
        await server.stop(within: .zero)
        throw error
      }
      await server.stop(within: .zero)
    }

    private func failure(_ body: () async throws -> SecureStream) async throws -> StreamFailure.Kind? {
      do {
        try await body().close()
        return nil
      } catch {
        return (error as? StreamFailure)?.kind
      }
    }

    @Test func bothEndsKnowEachOther() async throws {
      let taker = ClosureTaker.echo()
      try await withServer(fleet, taker) { server, place in
        let stream = try await SplicedTunnel.dial(server, fleet, place)
        #expect(stream.peer?.identity == fleet.server.identity)
        try await stream.send(Array("abcd".utf8), within: .seconds(60))
        #expect(try await stream.receive(4, within: .seconds(60)) == Array("abcd".utf8))
        #expect(taker.peers.count == 1 && taker.peers != ["nobody"])
        stream.close()
        let left = eventually { server.statistics.openConnections == 0 }
        #expect(left)
      }
    }

    @Test func anotherPeerThanTheOneThatWasMeantIsNotSpokenTo() async throws {
      let (taker, other) = (ClosureTaker.echo(), try fleet.member("another"))
      try await withServer(fleet, taker) { server, place in
        let kind = try await failure {
          try await SplicedTunnel.dial(server, fleet, place, expecting: other.identity)
        }
        #expect(kind == .distrusted)
      }
      #expect(taker.peers.isEmpty)
    }

    @Test func peerOfAnotherAuthorityIsNotSpokenTo() async throws {
      let foreign = try Fleet(protocols: [echoProtocol])
      try await withServer(foreign) { server, place in
        let kind = try await failure {
          try await SplicedTunnel.dial(server, fleet, place, expecting: foreign.server.identity)
        }
        #expect(kind == .distrusted)
      }
    }

    @Test func peerThatDoesNotBelieveUsIsNoticedAtTheFirstWord() async throws {
      let foreign = try Fleet()
      let stranger = try foreign.member("stranger")
      try await withServer(fleet) { server, place in
        let context = try TLSClientContext(
          stranger.credentials, trust: .authority(fleet.authority.certificate), protocols: [echoProtocol])
        let stream = try await server.streams.dial(
          place, with: context, expecting: fleet.server.identity, speaking: echoProtocol, within: .seconds(60))
        await #expect(throws: StreamFailure.self) { try await stream.receive(1, within: .seconds(60)) }
        let closed = eventually { !stream.isOpen }
        #expect(closed)
      }
    }

    @Test func earlierReleaseIsToldApart() async throws {
      let old = try Fleet()
      try await withServer(old) { server, place in
        let kind = try await failure { try await SplicedTunnel.dial(server, old, place) }
        #expect(kind == .unsupported)
      }
    }

    @Test func placeWhereNobodyAnswersIsUnreachable() async throws {
      // Bound and not listening: connections there are refused.
      let nobody = try PlainSocket.bound(to: "127.0.0.1")
      try await withServer(fleet) { server, _ in
        let kind = try await failure { try await SplicedTunnel.dial(server, fleet, nobody.local) }
        #expect(kind == .unreachable)
      }
    }

    @Test func silentPlaceIsGivenUpInTime() async throws {
      try await withServer(fleet) { server, _ in
        let held = Lock<[PlainSocket]>([])
        let listener = try server.streams.listen(at: "127.0.0.1") { socket, _ in held.withLock { $0.append(socket) } }
        let kind = try await failure {
          try await SplicedTunnel.dial(server, fleet, listener.place, within: .milliseconds(50))
        }
        #expect(kind == .late)
        listener.close()
      }
    }

    @Test func serverThatHasStoppedDialsNobody() async throws {
      let nobody = try PlainSocket.bound(to: "127.0.0.1")
      let configuration = HTTPServer.Configuration(listeners: [.tcp(host: "127.0.0.1", port: 0)], diskThreads: 1)
      let server = try HTTPServer(configuration: configuration, handler: ClosureHandler.whoAmI())
      await server.stop(within: .zero)
      let kinds = [StreamFailure.Kind.stopping, .unreachable]
      let kind = try await failure { try await SplicedTunnel.dial(server, fleet, nobody.local) }
      #expect(kind.map { kinds.contains($0) } == true)
    }

    @Test func listenerPassesOnWhoeverComesInOrder() async throws {
      try await withServer(fleet) { server, _ in
        let came = Lock<[PeerAddress]>([])
        let listener = try server.streams.listen(at: "127.77.3.4") { socket, from in came.withLock { $0.append(from) } }
        let sockets = try (0..<100).map { _ in try PlainSocket.bound(to: "127.77.3.5") }
        for socket in sockets {
          try socket.connect(to: listener.place)
          // One after the other: of two that knock at once either may come first.
          var ready = pollfd(fd: socket.descriptor, events: Int16(POLLOUT), revents: 0)
          let isThere = poll(&ready, 1, 60_000) == 1
          #expect(isThere)
        }
        let all = eventually { came.withLock(\.count) == 100 }
        #expect(all)
        #expect(came.withLock(\.self) == sockets.map(\.local))
        let place = listener.place
        listener.close()
        let closed = eventually { (try? RawClient(place)) == nil }
        #expect(closed)
      }
    }

    @Test func nameIsLookedUpAndNumbersAreTakenAsTheyAre() throws {
      #expect(try Streams.lookUp(host: "127.0.0.9", port: 5) == [.network(address: "127.0.0.9", port: 5)])
      #expect(try Streams.lookUp(host: "::1", port: 5) == [.network(address: "::1", port: 5)])
      #expect(try Streams.lookUp(host: "localhost", port: 5).contains { "\($0)".hasSuffix(":5") })
      #expect(throws: StreamFailure.self) { try Streams.lookUp(host: "no-such-host.invalid", port: 5) }
    }

    @Test func nothingIsLeftOfStreamsThatFailed() async {
      // In a process of its own: the descriptors that are counted are the process's.
      await #expect(processExitsWith: .success) {
        let tests = try DialTests()
        let fleet = tests.fleet
        let nobody = try PlainSocket.bound(to: "127.0.0.1")
        let before = openDescriptorCount()
        for _ in 0..<3 {
          try await tests.withServer(fleet) { server, place in
            for _ in 0..<5 {
              _ = try await tests.failure { try await SplicedTunnel.dial(server, fleet, nobody.local) }
              _ = try await tests.failure { try await SplicedTunnel.dial(server, fleet, place, expecting: [1]) }
              _ = try await tests.failure { try await SplicedTunnel.dial(server, fleet, place) }
            }
          }
        }
        let left = eventually { openDescriptorCount() <= before }
        #expect(left)
        withExtendedLifetime(nobody) {}
      }
    }
  }
}
