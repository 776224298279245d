import BlockingWork
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  /// A client that is no longer wanted, while it is connected.
  struct RemovalTests {
    private let fleet: Fleet

    init() throws { fleet = try Fleet() }

    @Test func connectionsOfARemovedClientEndAtOnceAndOthersGoOn() async throws {
      let fleet = fleet
      let (removed, kept) = (try fleet.member("removed"), try fleet.member("kept"))
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls) { server, place in
        let ending = try (0..<20).map { _ in try fleet.client(place, as: removed) }
        let staying = [try fleet.client(place, as: kept), try fleet.client(place, as: nil)]
        for client in ending { #expect(try client.ask("/") == hex(removed.identity)) }
        for client in staying { _ = try client.ask("/") }
        let began = MonotonicClock.now
        server.endConnections { $0.identity == removed.identity }
        for client in ending { #expect(throws: CertifiedClient.Failure.self) { try client.receiveSome() } }
        let took = MonotonicClock.now - began
        print("20 connections ended in \(took / 1_000) µs")
        #expect(took < 30_000_000_000)
        #expect(try staying[0].ask("/") == hex(kept.identity))
        #expect(try staying[1].ask("/") == "nobody")
        let left = eventually { server.statistics.openConnections == 2 }
        #expect(left)
      }
    }

    @Test func answerThatRunsIsCutInItsMidst() async throws {
      let fleet = fleet
      let member = try fleet.member("a")
      let handler = ClosureHandler { _, _ in
        Response(status: 200, body: .bytes([UInt8](repeating: 0x61, count: 64 << 20)))
      }
      try await serving(handler, tls: fleet.tls) { server, place in
        let client = try fleet.client(place, as: member)
        try client.send(get("/"))
        _ = try client.receiveSome()
        server.endConnections { $0.identity == member.identity }
        var received = 0
        #expect(throws: CertifiedClient.Failure.self) {
          while true { received += try client.receiveSome().count }
        }
        #expect(received < 64 << 20)
        let finished = eventually { handler.exchanges.count == 1 }
        #expect(finished)
        #expect(handler.exchanges.first?.isCut == true)
      }
    }

    @Test func handlerThatWaitsLearnsThatItsClientIsGone() async throws {
      let fleet = fleet
      let member = try fleet.member("a")
      let (gate, wasCancelled) = (Gate(), Lock(false))
      let handler = ClosureHandler { _, _ in
        await withTaskCancellationHandler {
          await gate.wait()
        } onCancel: {
          wasCancelled.withLock { $0 = true }
          gate.open()
        }
        return Response(status: 200)
      }
      try await serving(handler, tls: fleet.tls) { server, place in
        let client = try fleet.client(place, as: member)
        try client.send(get("/"))
        let begun = eventually { gate.waitingCount == 1 }
        #expect(begun)
        server.endConnections { $0.identity == member.identity }
        #expect(throws: CertifiedClient.Failure.self) { try client.receiveSome() }
        let cancelled = eventually { wasCancelled.withLock(\.self) }
        #expect(cancelled)
      }
    }

    @Test func certificateThatExpiresEndsItsConnectionBeforeTheNextRequest() async throws {
      let fleet = fleet
      let handler = ClosureHandler.whoAmI()
      try await serving(handler, tls: fleet.tls) { server, place in
        // Long enough for a first answer on a busy machine.
        let end = Fleet.now + 12
        let member = try fleet.member("a", ValidityPeriod(notBefore: end - 60, notAfter: end))
        let client = try fleet.client(place, as: member)
        var answers = 0
        // Asks until it is no longer answered.
        let wasEnded = eventually {
          do {
            guard try client.ask("/") == hex(member.identity) else { return false }
            answers += 1
            return false
          } catch {
            return true
          }
        }
        #expect(wasEnded)
        #expect(Fleet.now > end)
        #expect(answers > 0)
        #expect(handler.exchanges.count == answers)
        let again = try fleet.client(place, as: member)
        #expect(throws: CertifiedClient.Failure.self) { try again.ask("/") }
        let refused = eventually { server.statistics.failedHandshakes == 1 }
        #expect(refused)
      }
    }
  }
}
