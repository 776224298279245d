import BlockingWork
import CLinux
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

extension Sockets {
  struct SpliceTests {
    private let fleet: Fleet

    init() throws { fleet = try Fleet(protocols: ["http/1.1", echoProtocol]) }

    private func withTunnel(
      patience: Duration = .seconds(60), _ body: (SplicedTunnel) async throws -> Void
    ) async throws {
      let tunnel = try await SplicedTunnel.open(fleet, patience: patience)
      do {
        try await body(tunnel)
      } catch {
        await tunnel.close()
        throw error
      }
      await tunnel.close()
    }

    /// Bytes that differ everywhere, so that a lost or doubled piece shows.
    private static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
      var generator = SeededGenerator(seed: seed)
      var bytes: [UInt8] = []
      bytes.reserveCapacity(count + 8)
      while bytes.count < count {
        withUnsafeBytes(of: generator.next()) { bytes.append(contentsOf: $0) }
      }
      return Array(bytes.prefix(count))
    }

    /// Sends in pieces of any size, and then ends.
    private static func pour(_ bytes: [UInt8], into end: Int32, seed: UInt64) throws {
      var generator = SeededGenerator(seed: seed)
      var sent = 0
      while sent < bytes.count {
        let longest = [3, 1_000, 200_000].randomElement(using: &generator)!
        let piece = min(bytes.count - sent, Int.random(in: 1...longest, using: &generator))
        try PlainEnd.send(Array(bytes[sent..<sent + piece]), to: end)
        sent += piece
      }
      PlainEnd.finish(end)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func bytesPassBothWaysAtOnce(seed: UInt64) async throws {
      try await withTunnel { tunnel in
        let (near, far) = (try PlainPair(), try PlainPair())
        let (there, back) = (Self.bytes(6 << 20, seed: seed), Self.bytes(5 << 20, seed: seed + 100))
        let (nearEnd, farEnd) = (near.end, far.end)
        async let ending = tunnel.carry(near.spliced, far.spliced)
        async let poured: Void = onThread { try Self.pour(there, into: nearEnd, seed: seed) }
        async let pouredBack: Void = onThread { try Self.pour(back, into: farEnd, seed: seed + 1) }
        async let arrived = onThread { try PlainEnd.receiveAll(farEnd) }
        async let returned = onThread { try PlainEnd.receiveAll(nearEnd) }
        let isSame = try await (arrived == there, returned == back)
        #expect(isSame == (true, true), "seed \(seed)")
        _ = try await (poured, pouredBack)
        #expect(try await ending == .whole)
        let told = eventually { tunnel.endings.withLock(\.self) == [.whole] }
        #expect(told)
        #expect(tunnel.meter.received == Int64(there.count))
        #expect(tunnel.meter.sent == Int64(back.count))
        withExtendedLifetime((near, far)) {}
      }
    }

    /// Whoever does not read stops whoever sends, and nothing piles up between them but in the kernel's buffers.
    @Test func slowReaderStopsTheSenderAndMissesNothing() async throws {
      try await withTunnel { tunnel in
        let small: Int32 = 64 << 10
        let (near, far) = (try PlainPair(bufferBytes: small), try PlainPair(bufferBytes: small))
        let (nearEnd, farEnd) = (near.end, far.end)
        async let ending = tunnel.carry(near.spliced, far.spliced)
        for (from, to) in [(nearEnd, farEnd), (farEnd, nearEnd)] {
          let limit = 256 << 20
          let taken = try await onThread { PlainEnd.fill(from, atMost: limit) }
          print("\(taken >> 10) KiB were taken while nobody read")
          #expect(taken < 64 << 20)
          PlainEnd.finish(from)
          var (left, received) = (true, 0)
          while left {
            let bytes = try await onThread { try PlainEnd.receive(to, atMost: 1 << 20) }
            #expect(bytes.allSatisfy { $0 == 7 })
            received += bytes.count
            left = !bytes.isEmpty
          }
          #expect(received == taken)
        }
        #expect(try await ending == .whole)
        withExtendedLifetime((near, far)) {}
      }
    }

    @Test func sideThatHasEndedStillReceivesAndTheStreamServesAgain() async throws {
      try await withTunnel { tunnel in
        for round in 0..<3 as Range<UInt64> {
          let (near, far) = (try PlainPair(), try PlainPair())
          let (nearEnd, farEnd) = (near.end, far.end)
          async let ending = tunnel.carry(near.spliced, far.spliced)
          let answer = Self.bytes(300_000, seed: round)
          // The first round's question is empty.
          try await onThread {
            try PlainEnd.send([UInt8](repeating: 9, count: Int(round) * 5), to: nearEnd)
            PlainEnd.finish(nearEnd)
            #expect(try PlainEnd.receiveAll(farEnd).count == Int(round) * 5)
            try PlainEnd.send(answer, to: farEnd)
            PlainEnd.finish(farEnd)
            #expect(try PlainEnd.receiveAll(nearEnd) == answer)
          }
          #expect(try await ending == .whole)
          withExtendedLifetime((near, far)) {}
        }
        #expect(tunnel.stream.isOpen)
        let told = eventually { tunnel.endings.withLock(\.self) == [.whole, .whole, .whole] }
        #expect(told)
      }
    }

    /// Both ways at once, and twice through one stream: who was looked at from beat to beat is told again afterwards.
    @Test func whatTricklesArrivesTogetherAndMissesNothing() async throws {
      try await withTunnel { tunnel in
        for round in 0..<2 as Range<UInt64> {
          let (near, far) = (try PlainPair(), try PlainPair())
          let (nearEnd, farEnd) = (near.end, far.end)
          async let ending = tunnel.carry(near.spliced, far.spliced)
          let began = ContinuousClock.now
          let (there, back) = (Self.bytes(200_000, seed: round), Self.bytes(100_000, seed: round + 10))
          async let poured: Void = onThread { try Self.trickle(there, into: nearEnd) }
          async let pouredBack: Void = onThread { try Self.trickle(back, into: farEnd) }
          async let arrived = onThread { try PlainEnd.receiveParts(farEnd, until: there.count) }
          async let returned = onThread { try PlainEnd.receiveParts(nearEnd, until: back.count) }
          let (first, second) = try await (arrived, returned)
          #expect(Array(first.joined()) == there)
          #expect(Array(second.joined()) == back)
          // One wake would bring one part, or few of them. Where they were sent so slowly that each may have its own, it did.
          let sent = there.count / Self.trickleBytes
          if ContinuousClock.now - began < .seconds(2) { #expect(first.count < sent / 2) }
          _ = try await (poured, pouredBack)
          // After a silence.
          try await onThread {
            usleep(50_000)
            try PlainEnd.send([1, 2, 3], to: nearEnd)
            #expect(try PlainEnd.receive(farEnd) == [1, 2, 3])
            PlainEnd.finish(nearEnd)
            PlainEnd.finish(farEnd)
          }
          #expect(try await ending == .whole)
          withExtendedLifetime((near, far)) {}
        }
      }
    }

    private static let trickleBytes = 50

    /// A few bytes at a time, many times in a millisecond.
    private static func trickle(_ bytes: [UInt8], into end: Int32) throws {
      for start in stride(from: 0, to: bytes.count, by: trickleBytes) {
        try PlainEnd.send(Array(bytes[start..<min(bytes.count, start + trickleBytes)]), to: end)
        usleep(30)
      }
    }

    @Test func sideThatNeverEndsAfterTheOtherIsCut() async throws {
      try await withTunnel(patience: .milliseconds(50)) { tunnel in
        let (near, far) = (try PlainPair(), try PlainPair())
        let (nearEnd, farEnd) = (near.end, far.end)
        async let ending = tunnel.carry(near.spliced, far.spliced)
        try await onThread {
          PlainEnd.finish(nearEnd)
          let rest = try PlainEnd.receiveAll(farEnd)
          #expect(rest.isEmpty)
        }
        guard case .cut = try await ending else { return #expect(Bool(false), "it ended in good order") }
        let told = eventually { tunnel.endings.withLock(\.self) == [.cut(.late)] }
        #expect(told)
        withExtendedLifetime((near, far)) {}
      }
    }

    @Test func socketThatIsResetEndsTheOtherSideAndTheStreamServesAgain() async throws {
      try await withTunnel { tunnel in
        let far = try PlainPair()
        let farEnd = far.end
        var near: PlainPair? = try PlainPair()
        let spliced = try #require(near).spliced
        async let ending = tunnel.carry(spliced, far.spliced)
        let nearEnd = try #require(near).end
        try await onThread {
          try PlainEnd.send([1, 2, 3], to: nearEnd)
          #expect(try PlainEnd.receive(farEnd) == [1, 2, 3])
        }
        var reset = linger(l_onoff: 1, l_linger: 0)
        setsockopt(nearEnd, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
        near = nil
        try await onThread {
          #expect(try PlainEnd.receiveAll(farEnd).isEmpty)
          // Into nothing, which holds up nobody.
          try PlainEnd.send([UInt8](repeating: 1, count: 1 << 20), to: farEnd)
          PlainEnd.finish(farEnd)
        }
        #expect(try await ending == .whole)
        #expect(tunnel.stream.isOpen)
        withExtendedLifetime(far) {}
      }
    }

    // MARK: Cut

    @Test func removedPeerIsCutInTheMidst() async throws {
      try await withTunnel { tunnel in
        let (near, far) = (try PlainPair(), try PlainPair())
        let (nearEnd, farEnd) = (near.end, far.end)
        async let ending = tunnel.carry(near.spliced, far.spliced)
        async let poured = onThread { PlainEnd.sendUntilCut(nearEnd) }
        try await onThread { for _ in 0..<100 { _ = try PlainEnd.receive(farEnd) } }
        let began = MonotonicClock.now
        // Only the taker's end: of the dialling one the server's identity is the peer.
        let server = fleet.server.identity
        tunnel.server.endConnections { $0.identity != server }
        let isCut = try await onThread { PlainEnd.isCut(farEnd) }
        #expect(isCut)
        let took = MonotonicClock.now - began
        print("a splice at full speed was cut in \(took / 1_000) µs")
        #expect(took < 20_000_000_000)
        _ = try await poured
        guard case .cut = try await ending else { return #expect(Bool(false), "it ended in good order") }
        let told = eventually { tunnel.endings.withLock(\.self) == [.cut(.cut)] }
        #expect(told)
        withExtendedLifetime((near, far)) {}
      }
    }

    @Test func diallingEndIsCutByTheIdentityOfItsPeerToo() async throws {
      try await withTunnel { tunnel in
        let (near, far) = (try PlainPair(), try PlainPair())
        let (nearEnd, farEnd) = (near.end, far.end)
        async let ending = tunnel.carry(near.spliced, far.spliced)
        let server = fleet.server.identity
        try await onThread {
          try PlainEnd.send([1], to: nearEnd)
          let began = try PlainEnd.receive(farEnd)
          #expect(began == [1])
        }
        tunnel.server.endConnections { $0.identity == server }
        guard case .cut = try await ending else { return #expect(Bool(false), "it ended in good order") }
        let isCut = try await onThread { PlainEnd.isCut(nearEnd) }
        #expect(isCut)
        #expect(!tunnel.stream.isOpen)
        withExtendedLifetime((near, far)) {}
      }
    }

    // MARK: A peer that is spoken to by hand

    /// What a taker that splices once makes of these bytes: what came out at the plain end, whether that was cut, and how
    /// the splice ended.
    private func splice(
      _ bytes: [UInt8], thenClosing closes: Bool,
      _ after: @escaping @Sendable (SecureStream) async throws -> Void = { _ in }
    ) async throws -> (received: [UInt8], isCut: Bool, ending: SpliceEnding?) {
      let (fleet, far, ending) = (fleet, try PlainPair(), Lock<SpliceEnding?>(nil))
      let (spliced, farEnd) = (far.spliced, far.end)
      let taker = ClosureTaker { stream in
        let how = await stream.splice(with: spliced, framed: PairFraming(), halfOpenPatience: .seconds(60))
        ending.withLock { $0 = how }
        try await after(stream)
      }
      let result = Lock<(received: [UInt8], isCut: Bool)>(([], false))
      try await serving(ClosureHandler.whoAmI(), tls: fleet.tls, takers: [echoProtocol: taker]) { _, place in
        let client = try CertifiedClient(
          place, try fleet.member("a").credentials, trust: .authority(fleet.authority.certificate),
          protocols: [echoProtocol])
        try client.send(bytes)
        if closes { client.session.end() }
        do {
          while true {
            let bytes = try PlainEnd.receive(farEnd)
            if bytes.isEmpty { break }
            result.withLock { $0.received += bytes }
          }
          PlainEnd.finish(farEnd)
        } catch {
          result.withLock { $0.isCut = true }
        }
        let ended = eventually { taker.ends.count == 1 }
        #expect(ended)
      }
      withExtendedLifetime(far) {}
      let (received, isCut) = result.withLock(\.self)
      return (received, isCut, ending.withLock(\.self))
    }

    @Test func whatIsNoFrameCutsBothEnds() async throws {
      let result = try await splice(PairFraming.frame([1, 2]) + [0xff, 0xff, 0], thenClosing: false)
      #expect(result.received.starts(with: [1, 2]) || result.received.isEmpty)
      #expect(result.isCut)
      guard case .cut(let failure)? = result.ending else { return #expect(Bool(false), "it ended in good order") }
      #expect(failure.reason.contains("frame"))
    }

    /// A stream that ends before its connection did looks like a cut at the plain end, and never like an end.
    @Test func streamThatBreaksOffIsNoEnd() async throws {
      let result = try await splice(PairFraming.frame([1, 2]) + [0, 9, 1], thenClosing: true)
      #expect(result.isCut)
      #expect(result.ending == .cut(.cut))
    }

    @Test func bytesBehindAnEndAreTheNextOnes() async throws {
      let word = Lock<[UInt8]>([])
      let bytes = PairFraming.frame([1, 2]) + PairFraming.frame([3]) + [0, 0] + Array("next".utf8)
      let result = try await splice(bytes, thenClosing: false) { stream in
        let next = try await stream.receive(4, within: .seconds(60))
        word.withLock { $0 = next }
      }
      #expect(result.received == [1, 2, 3])
      #expect(!result.isCut)
      #expect(result.ending == .whole)
      #expect(word.withLock(\.self) == Array("next".utf8))
    }
  }
}
