import BlockingWork
import CurlKit
import Testing
import Wire

extension Sockets {
  /// Each in a process of its own: the memory that is measured is the process's. Not under a sanitizer, which has its own.
  @Suite struct MemoryTests {
    @Test func gibibyteDownAndUpCostsLittleMemory() async {
      await #expect(processExitsWith: .success) {
        try await serving { request, body in
          if request.method == .put { return text("\(await count(body))") }
          return Response(status: 200, body: .stream(length: Int64(1 << 30), CountedBytes(1 << 30)))
        } _: { client, origin, _ in
          // The first round brings the pools and buffers that stay.
          for size in [16 << 20, 1 << 30] {
            let before = residentBytes()
            let response = try await client.send(HTTPRequest(.get, try origin.url("/")))
            var (received, most) = (0, 0)
            for try await piece in response.body {
              received += piece.count
              if received & 0x3F_0000 == 0 { most = max(most, residentBytes()) }
            }
            #expect(received == 1 << 30)
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

    /// What one costs is told by how much thirty more cost. Kernel buffers are no memory of the process.
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
            // When nothing is asked of the sources for a while, all buffers on the way are full.
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
          // The server holds a piece of 128 KiB for each, beside the client's share.
          #expect(cost < (256 + 128 + 32) << 10, "\(cost) bytes a reader")
          #expect(first.count + more.count == 31)
        }
      }
    }
  }
}
