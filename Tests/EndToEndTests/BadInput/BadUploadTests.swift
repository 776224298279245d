import BlockingWork
import Glibc
import Testing

extension BadInputTests {
  @Suite struct BadUploads {
    @Test func wrongDigestLeavesNothing() throws {
      try withNode { node in
        let client = try node.connect()
        let named = Blob("what was named")
        var random = SeededRandom(seed: 3)
        let sent = random.bytes(2_000_000)
        for _ in 0..<3 {
          let single = try client.ask("POST", "/v2/a/blobs/uploads/?digest=\(named.digest)", body: sent)
          #expect(single.errorCodes == ["DIGEST_INVALID"])
          let location = try client.beginUpload(in: "a")
          let put = try client.ask("PUT", "\(location)?digest=\(named.digest)", body: sent)
          #expect(put.errorCodes == ["DIGEST_INVALID"])
          #expect(try client.get(location).status == 404)
        }
        #expect(eventually { node.stagedUploads.isEmpty })
        try client.checkService()
      }
    }

    @Test func sizesThatDoNotMatchAreRefused() throws {
      try withNode { node in
        let client = try node.connect()
        let location = try client.beginUpload(in: "a")
        let short = try client.ask("PATCH", location, [("Content-Range", "0-9")], body: [1, 2, 3])
        #expect(short.status == 400)
        #expect(short.errorCodes == ["SIZE_INVALID"])
        try client.sendHead("PATCH", location, [("Content-Range", "0-9"), ("Transfer-Encoding", "chunked")])
        try client.send("3\r\nabc\r\n0\r\n\r\n")
        #expect(try client.answer().status == 400)
        try node.connect().checkService()
      }
    }

    @Test func blobOverTheLimitIsRefusedAndLeavesNothing() throws {
      try withNode(settings: ["limits.blob_bytes": "1MiB"]) { node in
        let large = Blob([UInt8](repeating: 7, count: 3 << 20))
        let answer = try node.ask("POST", "/v2/a/blobs/uploads/?digest=\(large.digest)", body: large.bytes)
        #expect((400..<500).contains(answer.status))
        #expect(answer.errorCodes == ["SIZE_INVALID"])
        #expect(eventually { node.stagedUploads.isEmpty })
        try node.connect().checkService()
      }
    }

    /// One request has the upload; the other is told so at once and disturbs nothing.
    @Test func secondChunkOnABusyUploadIsRefusedAtOnce() throws {
      try withNode { node in
        let (first, second) = (try node.connect(), try node.connect())
        let blob = Blob("0123456789")
        let location = try first.beginUpload(in: "a")
        try first.sendHead("PATCH", location, [("Content-Range", "0-9")], length: 10)
        try first.send("01234")
        // The first request has the upload as soon as its bytes are counted.
        #expect(try eventually { try second.get(location)["Range"] == "0-4" })
        let refused = try second.ask("PATCH", location, [("Content-Range", "5-9")], body: Array("56789".utf8))
        #expect(refused.status == 416)
        let closing = try second.ask("PUT", "\(location)?digest=\(blob.digest)")
        #expect(closing.status == 416)
        try first.send("56789")
        #expect(try first.answer().status == 202)
        #expect(try first.ask("PUT", "\(location)?digest=\(blob.digest)").status == 201)
        #expect(try first.get("/v2/a/blobs/\(blob.digest)").body == blob.bytes)
      }
    }

    @Test func chunksThatRaceAreTakenOnceEach() throws {
      try withNode { node in
        var random = SeededRandom(seed: 4)
        let blob = Blob(random.bytes(640_000))
        let client = try node.connect()
        let location = try client.beginUpload(in: "a")
        for chunk in 0..<8 {
          let range = chunk * 80_000..<(chunk + 1) * 80_000
          let accepted = Awaited(0)
          let threads = (0..<4).map { _ in
            startThread(named: "racer") {
              // A racer that cannot even connect shows as a chunk that nobody got in.
              let answer = try? node.ask(
                "PATCH", location, [("Content-Range", "\(range.lowerBound)-\(range.upperBound - 1)")],
                body: Array(blob.bytes[range]))
              if answer?.status == 202 { accepted.change { $0 += 1 } }
            }
          }
          for thread in threads { pthread_join(thread, nil) }
          #expect(accepted.change { $0 } == 1)
        }
        #expect(try client.ask("PUT", "\(location)?digest=\(blob.digest)").status == 201)
        #expect(try client.get("/v2/a/blobs/\(blob.digest)").body == blob.bytes)
      }
    }

    @Test(arguments: [
      "bytes=-", "bytes=5-2", "bytes=--5", "bytes=1e3-", "bytes=0x0-0x5", "bytes=", "bytes", "=", "bytes=a-b",
      "bytes=-99999999999999999999999999", "bytes=18446744073709551615-18446744073709551616", "bytes=0-0,-1,5-",
      "bytes=" + (0..<1000).map { "\($0)-\($0)" }.joined(separator: ","), "bytes= 0 - 5", "bytes=\t0-5", "octets=0-5",
    ])
    func absurdRangeIsIgnoredOrRefused(range: String) throws {
      try withNode { node in
        let client = try node.connect()
        let blob = Blob("0123456789")
        try client.push(blob, to: "a")
        let answer = try client.get("/v2/a/blobs/\(blob.digest)", [("Range", range)])
        #expect([200, 206, 400, 416].contains(answer.status))
        if answer.status == 200 { #expect(answer.body == blob.bytes) }
        try client.checkService()
      }
    }
  }
}
