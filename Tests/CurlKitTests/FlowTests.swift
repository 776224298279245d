import BlockingWork
import CurlKit
import Testing
import Wire

extension Sockets {
  @Suite struct FlowTests {
    /// In a process of its own: the memory that is measured is the process's.
    @Test func gibibyteDownAndUpCostsLittleMemory() async {
      await #expect(processExitsWith: .success) {
        try await serving { request, body in
          if request.method == .put { return text("\(await count(body))") }
          return Response(status: 200, body: .stream(length: Int64(1 << 30), CountedBytes(1 << 30)))
        } _: { client, origin, _ in
          for size in [16 << 20, 1 << 30] {
            let before = residentBytes()
            let response = try await client.send(HTTPRequest(.get, try origin.url("/")))
            var (received, most) = (0, 0)
            for try await piece in response.body where received < size {
              received += piece.count
              if received & 0x3F_0000 == 0 { most = max(most, residentBytes()) }
            }
            var upload = HTTPRequest(.put, try origin.url("/"))
            upload.body = .stream(length: Int64(size), CountedBytes(size))
            let answer = try await client.fetch(upload, atMost: 100)
            #expect(answer.text == "\(size)")
            most = max(most, residentBytes())
            // The server's pieces, the sockets' and the allocator's habits are in it: both ends live here.
            if size == 1 << 30 { #expect(most - before < 12 << 20, "\(most - before) bytes") }
          }
        }
      }
    }

    /// What one costs is told by how much more sixty-four cost. Kernel buffers are no memory of the process.
    @Test func readerThatStandsStillCostsNoMoreThanAQuarterMebibyte() async {
      await #expect(processExitsWith: .success) {
        let sources = Lock<[CountedBytes]>([])
        try await serving { _, _ in
          let source = CountedBytes(1 << 30)
          sources.withLock { $0.append(source) }
          return Response(status: 200, body: .stream(length: 1 << 30, source))
        } _: { client, origin, _ in
          func standStill(_ readers: Int) async throws -> [HTTPResponse] {
            var responses: [HTTPResponse] = []
            for _ in 0..<readers {
              let response = try await client.send(HTTPRequest(.get, try origin.url("/")))
              _ = try await response.body.next()
              responses.append(response)
            }
            // Until nothing is asked of the sources any more, all buffers on the way are full.
            var given = -1
            while case let now = sources.withLock({ $0.reduce(0) { $0 + $1.givenBytes } }), now != given {
              given = now
              try await Task.sleep(for: .milliseconds(300))
            }
            return responses
          }
          let first = try await standStill(1)
          let before = residentBytes()
          let more = try await standStill(30)
          let cost = (residentBytes() - before) / 30
          print("a reader that stands still costs \(cost) bytes, both ends together")
          // The server holds a piece of 128 KiB for each, beside the client's share.
          #expect(cost < (256 + 128 + 32) << 10, "\(cost) bytes a reader")
          #expect(first.count + more.count == 31)
        }
      }
    }

    @Test func readerThatComesLateGetsEveryByteInItsOrder() async throws {
      let bytes = patterned(3_000_000)
      try await serving { _, _ in
        Response(status: 200, body: .bytes(bytes))
      } _: { client, origin, _ in
        let response = try await client.send(HTTPRequest(.get, try origin.url("/")))
        var received: [UInt8] = []
        var largest = 0
        while let piece = try await response.body.next() {
          received += piece
          largest = max(largest, piece.count)
          // Others get their turn, and the peer finds the buffer full.
          for _ in 0..<20 { await Task.yield() }
        }
        #expect(received == bytes)
        #expect(largest <= 128 << 10)
      }
    }

    @Test func sourceIsPulledNoFasterThanThePeerTakes() async throws {
      let gate = Gate()
      try await serving { _, body in
        await gate.wait()
        return text("\(await count(body))")
      } _: { client, origin, _ in
        let source = CountedBytes(200_000_000)
        var request = HTTPRequest(.put, try origin.url("/"))
        request.body = .stream(length: 200_000_000, source)
        async let answer = client.fetch(request, atMost: 100)
        // libcurl waits a second for `100 Continue`, then sends until the sockets are full.
        #expect(await eventually { source.givenBytes > 0 })
        var given = -1
        while source.givenBytes != given {
          given = source.givenBytes
          try await Task.sleep(for: .milliseconds(300))
        }
        #expect(given < 50_000_000)
        gate.open()
        #expect(try await answer.text == "200000000")
      }
    }

    @Test func slowSourceAndSlowReaderAreNotThePeersFault() async throws {
      var patience = HTTPPatience()
      patience.minimumBytesPerSecond = 1_000_000
      patience.grace = .milliseconds(300)
      let limits = patience
      try await serving { request, body in
        if request.method == .put { return text("\(await count(body))") }
        return Response(status: 200, body: .bytes([UInt8](repeating: 7, count: 20_000_000)))
      } _: { client, origin, _ in
        let response = try await client.send(HTTPRequest(.get, try origin.url("/"), patience: limits))
        _ = try await response.body.next()
        try await Task.sleep(for: .milliseconds(900))
        let rest = try await response.body.collect(atMost: 20_000_000)
        #expect(rest.count > 19_000_000)

        var upload = HTTPRequest(.put, try origin.url("/"), patience: limits)
        upload.body = .stream(length: nil, SlowSource())
        let answer = try await client.fetch(upload, atMost: 100)
        #expect(answer.text == "3000")
      }
    }
  }
}

/// Three pieces, each later than a peer would be allowed to be.
private final class SlowSource: HTTPBodySource {
  private let left = Lock(3)

  func next() async throws -> [UInt8]? {
    let left = left.withLock { left in
      left -= 1
      return left
    }
    guard left >= 0 else { return nil }
    try await Task.sleep(for: .milliseconds(600))
    return patterned(1_000)
  }
}
