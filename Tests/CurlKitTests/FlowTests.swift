import BlockingWork
import CurlKit
import Testing
import Wire

extension Sockets {
  @Suite struct FlowTests {
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
        // When nothing is asked of the source for a while, all buffers on the way are full.
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
      patience.grace = .seconds(2)
      let limits = patience
      try await serving { request, body in
        if request.method == .put { return text("\(await count(body))") }
        return Response(status: 200, body: .bytes([UInt8](repeating: 7, count: 20_000_000)))
      } _: { client, origin, _ in
        let response = try await client.send(HTTPRequest(.get, try origin.url("/"), patience: limits))
        _ = try await response.body.next()
        // Time must pass here: it is what must not be counted.
        try await Task.sleep(for: .seconds(4))
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
    try await Task.sleep(for: .milliseconds(2_500))
    return patterned(1_000)
  }
}
