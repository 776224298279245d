import Testing

@testable import Wire

extension Sockets {
  struct AnswerTests {
    /// Gives its pieces one by one and then ends, or fails.
    private final class Pieces: ResponseStream, @unchecked Sendable {
      // Unchecked: one connection asks, one time after the other.
      struct Failure: Error {}

      private var pieces: ArraySlice<[UInt8]>
      private let fails: Bool

      init(_ pieces: [[UInt8]], fails: Bool = false) {
        self.pieces = pieces[...]
        self.fails = fails
      }

      func next() async throws -> [UInt8]? {
        if let piece = pieces.popFirst() { return piece }
        if fails { throw Failure() }
        return nil
      }
    }

    @Test(arguments: [0, 1, 100, 16 << 10, (16 << 10) + 1, 5 << 20])
    func bytesOfAnySizeArriveWhole(count: Int) async throws {
      let bytes = patterned(count)
      try await serving(ClosureHandler { _, _ in Response(status: 200, body: .bytes(bytes)) }) { _, place in
        let client = try RawClient(place)
        try client.send(get("/") + get("/"))
        #expect(try client.readAnswer().body == bytes)
        #expect(try client.readAnswer().body == bytes)
      }
    }

    @Test func streamOfUnknownLengthComesInChunksAndToOldClientsUntilTheEnd() async throws {
      let handler = ClosureHandler { _, _ in
        Response(status: 200, body: .stream(length: nil, Pieces([[1, 2], [], [3], patterned(300_000)])))
      }
      let expected = [1, 2, 3] + patterned(300_000)
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        let answer = try client.readAnswer()
        #expect(answer.fields["Transfer-Encoding"] == "chunked")
        #expect(answer.body == expected)
        try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let old = try client.readAnswer()
        #expect(old.fields["Transfer-Encoding"] == nil)
        #expect(old.fields["Connection"] == "close")
        #expect(old.body == expected)
      }
    }

    @Test func streamOfKnownLengthComesWithItsLength() async throws {
      let handler = ClosureHandler { _, _ in Response(status: 200, body: .stream(length: 3, Pieces([[1, 2], [3]]))) }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        let answer = try client.readAnswer()
        #expect(answer.fields["Content-Length"] == "3")
        #expect(answer.body == [1, 2, 3])
      }
    }

    /// Nothing wrong ends well: neither a chunked body nor one with a length may look whole when it is not.
    @Test(arguments: ["fails", "short", "long", "chunked"])
    func bodyThatIsNotWhatWasPromisedEndsInAReset(kind: String) async throws {
      let handler = ClosureHandler { _, _ in
        switch kind {
        case "fails": Response(status: 200, body: .stream(length: 9, Pieces([[1, 2]], fails: true)))
        case "short": Response(status: 200, body: .stream(length: 9, Pieces([[1, 2]])))
        case "long": Response(status: 200, body: .stream(length: 1, Pieces([[1, 2]])))
        default: Response(status: 200, body: .stream(length: nil, Pieces([[1, 2]], fails: true)))
        }
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        #expect(throws: RawClient.Failure.reset) { while true { _ = try client.receiveSome() } }
        #expect(eventually { handler.exchanges.first?.isCut == true })
      }
    }

    @Test func partsOfFilesArriveExactly() async throws {
      let bytes = patterned(9_000_000)
      let file = try TemporaryFile(bytes)
      let ranges = [0..<9_000_000, 0..<0, 0..<1, 8_999_999..<9_000_000, 123..<4_567_890]
      let handler = ClosureHandler { request, _ in
        let index = Int(request.path.dropFirst()) ?? 0
        return Response(status: 206, body: .file(file.region(ranges[index])))
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        for (index, range) in ranges.enumerated() {
          try client.send(get("/\(index)"))
          #expect(try client.readAnswer().body == Array(bytes[range]))
        }
      }
    }

    @Test func fileThatIsNotInMemoryArrivesToo() async throws {
      let bytes = patterned(9_000_000)
      let file = try TemporaryFile(bytes)
      let handler = ClosureHandler { _, _ in
        file.makeCold()
        return Response(status: 200, body: .file(file.region(0..<bytes.count)))
      }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        #expect(try client.readAnswer().body == bytes)
      }
    }

    @Test func fileShorterThanPromisedEndsInAReset() async throws {
      let file = try TemporaryFile(patterned(1_000))
      let handler = ClosureHandler { _, _ in Response(status: 200, body: .file(file.region(0..<2_000))) }
      try await serving(handler) { _, place in
        let client = try RawClient(place)
        try client.send(get("/"))
        #expect(throws: RawClient.Failure.reset) { while true { _ = try client.receiveSome() } }
      }
    }
  }
}
