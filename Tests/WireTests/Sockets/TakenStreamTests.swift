import BlockingWork
import COpenSSL
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  /// Connections that speak something else than HTTP, on the port that speaks HTTP.
  struct TakenStreamTests {
    private let fleet: Fleet

    init() throws { fleet = try Fleet(protocols: ["http/1.1", echoProtocol]) }

    private func echoClient(_ place: PeerAddress, _ fleet: Fleet, _ member: Fleet.Member?) throws -> CertifiedClient {
      try CertifiedClient(
        place, member?.credentials, trust: .authority(fleet.authority.certificate), protocols: [echoProtocol])
    }

    private func echo(_ word: String, _ client: CertifiedClient) throws -> String {
      try client.send(word)
      var bytes: [UInt8] = []
      while bytes.count < word.utf8.count { bytes += try client.receiveSome() }
      return String(decoding: bytes, as: UTF8.self)
    }

    @Test func handshakeThatAgreesOnAnotherProtocolIsHandedOver() async throws {
      let (fleet, taker, handler) = (fleet, ClosureTaker.echo(), ClosureHandler.whoAmI())
      let member = try fleet.member("a")
      try await serving(handler, tls: fleet.tls, takers: [echoProtocol: taker]) { server, place in
        let client = try echoClient(place, fleet, member)
        #expect(client.session.chosenProtocol == echoProtocol)
        #expect(try echo("abcd", client) == "abcd")
        #expect(try echo("efghijkl", client) == "efghijkl")
        #expect(taker.peers == [hex(member.identity)])
        #expect(server.statistics.openConnections == 1)
        #expect(try echo("done", client) == "done")
        // The taker is done with it.
        #expect(throws: CertifiedClient.Failure.self) { try client.receiveSome() }
        let left = eventually { server.statistics.openConnections == 0 }
        #expect(left)
      }
      #expect(handler.exchanges.isEmpty)
      #expect(taker.ends == ["done"])
    }

    @Test func clientsOfHTTPOnTheSamePortSeeNoChange() async throws {
      let (fleet, taker) = (fleet, ClosureTaker.echo())
      let member = try fleet.member("a")
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { _, place in
        for protocols in [[], ["http/1.1"], ["h2"], ["http/1.1", echoProtocol], ["h2", "http/1.1"]] {
          let client = try CertifiedClient(
            place, member.credentials, trust: .authority(fleet.authority.certificate), protocols: protocols)
          for _ in 0..<2 { #expect(try client.ask("/") == hex(member.identity), "\(protocols)") }
        }
      }
      #expect(taker.peers.isEmpty)
    }

    /// A release from before the protocol: it answers by none, and whoever asked for it alone can tell.
    @Test func serverThatKnowsNoSuchProtocolAgreesOnNone() async throws {
      let old = try Fleet()
      let member = try old.member("a")
      try await serving(ClosureHandler.whoAmI(), tls: old.tls) { _, place in
        let client = try echoClient(place, old, member)
        #expect(client.session.chosenProtocol == nil)
      }
    }

    @Test func takerSeesThatAClientShowedNoCertificate() async throws {
      let (fleet, taker) = (fleet, ClosureTaker { _ in })
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { _, place in
        let client = try echoClient(place, fleet, nil)
        #expect(throws: CertifiedClient.Failure.self) { try client.receiveSome() }
      }
      #expect(taker.peers == ["nobody"])
    }

    @Test func strangersOfAnotherAuthorityAreNeverHandedOver() async throws {
      let (fleet, taker) = (fleet, ClosureTaker.echo())
      let foreign = try Fleet().member("a")
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { server, place in
        let client = try echoClient(place, fleet, foreign)
        #expect(throws: CertifiedClient.Failure.self) { try echo("abcd", client) }
        let counted = eventually { server.statistics.failedHandshakes == 1 }
        #expect(counted)
      }
      #expect(taker.peers.isEmpty)
    }

    @Test func waitThatIsTooLongEndsTheStream() async throws {
      let (fleet, member) = (fleet, try fleet.member("a"))
      // The rest of the word is waited for once its beginning has come, and so after the client has sent all it sends.
      let taker = ClosureTaker { stream in
        _ = try await stream.receive(1, within: .seconds(60))
        _ = try await stream.receive(3, within: .milliseconds(20))
      }
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { _, place in
        let client = try echoClient(place, fleet, member)
        try client.send("abc")
        #expect(throws: CertifiedClient.Failure.self) { try client.receiveSome() }
        // The socket is closed before the taker hears why.
        let told = eventually { taker.ends == ["late"] }
        #expect(told)
      }
    }

    @Test func peerThatLeavesIsNoticedWhileNothingIsAsked() async throws {
      let (fleet, member) = (fleet, try fleet.member("a"))
      let gate = Gate()
      let taker = ClosureTaker { _ in await gate.wait() }
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { server, place in
        do {
          let client = try echoClient(place, fleet, member)
          let begun = eventually { gate.waitingCount == 1 }
          #expect(begun)
          #expect(server.statistics.openConnections == 1)
          client.session.end()
        }
        let left = eventually { server.statistics.openConnections == 0 }
        #expect(left)
        gate.open()
      }
    }

    @Test func streamsOfARemovedPeerEndAtOnceAndOthersGoOn() async throws {
      let (fleet, taker) = (fleet, ClosureTaker.echo())
      let (removed, kept) = (try fleet.member("removed"), try fleet.member("kept"))
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { server, place in
        let ending = try (0..<20).map { _ in try echoClient(place, fleet, removed) }
        let staying = try echoClient(place, fleet, kept)
        for client in ending + [staying] { #expect(try echo("abcd", client) == "abcd") }
        server.endConnections { $0.identity == removed.identity }
        for client in ending { #expect(throws: CertifiedClient.Failure.self) { try client.receiveSome() } }
        #expect(try echo("efgh", staying) == "efgh")
        let left = eventually { server.statistics.openConnections == 1 }
        #expect(left)
        let told = eventually { taker.ends.count == 20 }
        #expect(told)
      }
      #expect(taker.ends.prefix(20).allSatisfy { $0 == "cut" })
    }

    @Test func placeAmongTheAdmittedIsKeptAndGivenBack() async throws {
      let (fleet, taker) = (fleet, ClosureTaker.echo())
      let member = try fleet.member("a")
      var limits = WireLimits()
      limits.connections = 2
      try await serving(
        ClosureHandler.whoAmI(), limits: limits, tls: fleet.tls, takers: [echoProtocol: taker]
      ) { server, place in
        for _ in 0..<3 {
          let clients = try (0..<2).map { _ in try echoClient(place, fleet, member) }
          for client in clients { #expect(try echo("abcd", client) == "abcd") }
          #expect(throws: (any Error).self) { try echo("abcd", echoClient(place, fleet, member)) }
          for client in clients { _ = try echo("done", client) }
          let left = eventually { server.statistics.openConnections == 0 }
          #expect(left)
        }
      }
    }

    @Test func streamsDoNotOutliveTheirServer() async {
      // In a process of its own: the descriptors that are counted are the process's.
      await #expect(processExitsWith: .success) {
        let tests = try TakenStreamTests()
        let (fleet, taker) = (tests.fleet, ClosureTaker.echo())
        let member = try fleet.member("a")
        let before = openDescriptorCount()
        for _ in 0..<3 {
          try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { _, place in
            let clients = try (0..<8).map { _ in try tests.echoClient(place, fleet, member) }
            for client in clients { #expect(try tests.echo("abcd", client) == "abcd") }
          }
        }
        let ended = eventually { openDescriptorCount() <= before }
        #expect(ended)
      }
    }
  }
}
