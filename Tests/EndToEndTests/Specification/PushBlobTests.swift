import OpenSSLKit
import Testing

extension SpecificationTests {
  // Push, "Pushing a blob monolithically"
  @Suite struct PushingABlobMonolithically {
    // "POST then PUT"
    @Test func postIs202WithALocationOfItsOwn() throws {
      let (client, repository) = try SharedNode.visit()
      let locations = try (0..<3).map { _ in try client.beginUpload(in: repository) }
      #expect(Set(locations).count == 3)
      for location in locations {
        // MUST contain a UUID: 128 bits in hex.
        let id = location.split(separator: "/").last ?? ""
        #expect(id.filter { $0.isHexDigit }.count == 32)
      }
    }

    @Test func putIs201WithALocationThatCanBePulled() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("by post and put")
      let location = try client.push(blob, to: repository)
      let answer = try client.get(location)
      #expect(answer.status == 200)
      #expect(answer.body == blob.bytes)
    }

    /// The `<digest>` MUST match the blob's digest.
    @Test func putWithAnotherDigestIsRefused() throws {
      let (client, repository) = try SharedNode.visit()
      let (sent, named) = (Blob("sent"), Blob("named"))
      let location = try client.beginUpload(in: repository)
      let answer = try client.ask("PUT", "\(location)?digest=\(named.digest)", body: sent.bytes)
      #expect(answer.status == 400)
      #expect(answer.errorCodes == ["DIGEST_INVALID"])
      for blob in [sent, named] { #expect(try client.get("/v2/\(repository)/blobs/\(blob.digest)").status == 404) }
    }

    /// SHOULD be 400 (after 1.1): invalid digest or unknown algorithm.
    @Test(arguments: [
      "sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "nonsense", "",
      "sha256:" + String(repeating: "G", count: 64),
    ])
    func digestThatIsNoneIsRefused(digest: String) throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      let put = try client.ask("PUT", "\(location)?digest=\(digest)", body: [1, 2, 3])
      #expect(put.status == 400)
      #expect(put.errorCodes == ["DIGEST_INVALID"])
      #expect(try client.ask("POST", "/v2/\(repository)/blobs/uploads/?digest=\(digest)", body: [1]).status == 400)
    }

    // "Single POST"
    @Test(arguments: [StreamingHash.Function.sha256, .sha512])
    func singlePostIs201WithALocationThatCanBePulled(function: StreamingHash.Function) throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob(Array("by one post".utf8), function)
      let answer = try client.ask("POST", "/v2/\(repository)/blobs/uploads/?digest=\(blob.digest)", body: blob.bytes)
      #expect(answer.status == 201)
      #expect(try client.get(try answer.location).body == blob.bytes)
    }

    @Test func singlePostWithAnotherDigestIsRefused() throws {
      let (client, repository) = try SharedNode.visit()
      let named = Blob("named").digest
      let answer = try client.ask("POST", "/v2/\(repository)/blobs/uploads/?digest=\(named)", body: [1, 2, 3])
      #expect(answer.status == 400)
      #expect(answer.errorCodes == ["DIGEST_INVALID"])
      #expect(try client.get("/v2/\(repository)/blobs/\(named)").status == 404)
    }
  }

  // "Pushing a blob in chunks"
  @Suite struct PushingABlobInChunks {
    private static let blob = Blob("0123456789abcdef")

    private static func patch(_ client: HTTPConnection, _ location: String, _ range: Range<Int>) throws -> HTTPAnswer {
      try client.ask(
        "PATCH", location, [("Content-Range", "\(range.lowerBound)-\(range.upperBound - 1)")],
        body: Array(blob.bytes[range]))
    }

    @Test(arguments: [true, false])
    func chunksInOrderMakeABlob(lastInPut: Bool) throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Self.blob
      var location = try client.beginUpload(in: repository)
      for range in [0..<5, 5..<6, 6..<(lastInPut ? 12 : 16)] {
        let answer = try Self.patch(client, location, range)
        #expect(answer.status == 202)
        #expect(answer["Range"] == "0-\(range.upperBound - 1)")
        location = try answer.location
      }
      let fields = lastInPut ? [("Content-Range", "12-15")] : []
      let rest = lastInPut ? Array(blob.bytes[12...]) : []
      let end = try client.ask("PUT", "\(location)?digest=\(blob.digest)", fields, body: rest)
      #expect(end.status == 201)
      #expect(try client.get(try end.location).body == blob.bytes)
    }

    @Test(arguments: [0..<4, 6..<8, 4..<6])
    func chunkOutOfOrderIs416AndHarmless(range: Range<Int>) throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try Self.patch(client, location, 0..<5).status == 202)
      #expect(try Self.patch(client, location, range).status == 416)
      let status = try client.get(location)
      #expect(status.status == 204)
      #expect(status["Range"] == "0-4")
      #expect(try Self.patch(client, try status.location, 5..<16).status == 202)
      #expect(try client.ask("PUT", "\(location)?digest=\(Self.blob.digest)").status == 201)
    }

    /// The first chunk's range MUST begin with 0.
    @Test func firstChunkThatDoesNotBeginAtZeroIs416() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try Self.patch(client, location, 1..<5).status == 416)
    }

    /// After 1.1.
    @Test func lastChunkOutOfOrderInPutIs416() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try Self.patch(client, location, 0..<5).status == 202)
      let target = "\(location)?digest=\(Self.blob.digest)"
      let early = try client.ask("PUT", target, [("Content-Range", "6-15")], body: Array(Self.blob.bytes[6...]))
      #expect(early.status == 416)
      let right = try client.ask("PUT", target, [("Content-Range", "5-15")], body: Array(Self.blob.bytes[5...]))
      #expect(right.status == 201)
    }

    /// MUST match `^[0-9]+-[0-9]+$`.
    @Test(arguments: ["bytes 0-4/5", "0", "-4", "0-", "0-4/5", "a-b", "4-0", "+0-4", "0-99999999999999999999"])
    func contentRangeOfAnotherFormIsRefused(field: String) throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      let answer = try client.ask("PATCH", location, [("Content-Range", field)], body: Array(Self.blob.bytes[0..<5]))
      #expect(answer.status == 400 || answer.status == 416)
    }

    @Test func statusOfAnUploadIs204WithLocationAndRange() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try client.get(location).status == 204)
      #expect(try Self.patch(client, location, 0..<7).status == 202)
      let answer = try client.get(location)
      #expect(answer.status == 204)
      #expect(answer["Range"] == "0-6")
      #expect(try Self.patch(client, try answer.location, 7..<9).status == 202)
    }

    @Test func closingPutWithoutADigestIsRefused() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try Self.patch(client, location, 0..<16).status == 202)
      #expect(try client.ask("PUT", location).status == 400)
    }

    @Test func sessionIsGoneAfterItWasClosed() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try client.ask("PUT", "\(location)?digest=\(Self.blob.digest)", body: Self.blob.bytes).status == 201)
      #expect(try client.get(location).status == 404)
      #expect(try Self.patch(client, location, 0..<5).errorCodes == ["BLOB_UPLOAD_UNKNOWN"])
    }

    /// Docker's way: no Content-Range, length unknown.
    @Test func streamedPatchWithoutLengthOrRangeIsTaken() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      try client.sendHead("PATCH", location, [("Transfer-Encoding", "chunked")])
      try client.send("5\r\n01234\r\nb\r\n56789abcdef\r\n0\r\n\r\n")
      let answer = try client.answer()
      #expect(answer.status == 202)
      #expect(answer["Range"] == "0-15")
      #expect(try client.ask("PUT", "\(location)?digest=\(Self.blob.digest)").status == 201)
    }

    /// "the `POST` response SHOULD include" the smallest chunk, when there is one.
    @Test func smallestChunkIsAnnouncedWhenThereIsOne() throws {
      let (client, repository) = try SharedNode.visit()
      #expect(try client.ask("POST", "/v2/\(repository)/blobs/uploads/")["OCI-Chunk-Min-Length"] == nil)
      try withNode(settings: ["uploads.chunk_minimum": "1MiB"]) { node in
        let answer = try node.ask("POST", "/v2/a/blobs/uploads/")
        #expect(answer["OCI-Chunk-Min-Length"] == "1048576")
      }
    }

    /// After 1.1: `digest-algorithm`.
    @Test func sessionOfAnotherAlgorithmMakesABlobOfIt() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob(Self.blob.bytes, .sha512)
      let begun = try client.ask("POST", "/v2/\(repository)/blobs/uploads/?digest-algorithm=sha512")
      #expect(begun.status == 202)
      let location = try begun.location
      #expect(try Self.patch(client, location, 0..<16).status == 202)
      #expect(try client.ask("PUT", "\(location)?digest=\(blob.digest)").status == 201)
      #expect(try client.get("/v2/\(repository)/blobs/\(blob.digest)").body == blob.bytes)
      #expect(try client.ask("POST", "/v2/\(repository)/blobs/uploads/?digest-algorithm=md5").status == 400)
    }
  }

  // "Cancel a blob upload" (after 1.1)
  @Suite struct CancellingABlobUpload {
    @Test func cancelIs204AndTheSessionIsGone() throws {
      let (client, repository) = try SharedNode.visit()
      let location = try client.beginUpload(in: repository)
      #expect(try client.ask("PATCH", location, body: [1, 2, 3]).status == 202)
      #expect(try client.ask("DELETE", location).status == 204)
      #expect(try client.get(location).status == 404)
      #expect(try client.ask("DELETE", location).status == 404)
    }
  }

  // "Mounting a blob from another repository"
  @Suite struct MountingABlob {
    @Test func mountIs201WithALocationThatCanBePulled() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("mount me")
      try client.push(blob, to: repository)
      let answer = try client.ask("POST", "/v2/\(repository)/to/blobs/uploads/?mount=\(blob.digest)&from=\(repository)")
      #expect(answer.status == 201)
      #expect(answer["Docker-Content-Digest"] == blob.digest)
      #expect(try client.get(try answer.location).body == blob.bytes)
      #expect(try client.get("/v2/\(repository)/to/blobs/\(blob.digest)").body == blob.bytes)
    }

    /// MAY treat `from` as optional.
    @Test func mountWithoutFromFindsTheBlob() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("mount \(repository)")
      try client.push(blob, to: repository)
      let answer = try client.ask("POST", "/v2/\(repository)/to/blobs/uploads/?mount=\(blob.digest)")
      #expect(answer.status == 201)
      #expect(try client.get("/v2/\(repository)/to/blobs/\(blob.digest)").body == blob.bytes)
    }

    @Test func mountThatCannotBeDoneBeginsAnUpload() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("not there \(repository)")
      let target = "/v2/\(repository)/blobs/uploads/?mount=\(blob.digest)&from=\(repository)/other"
      let answer = try client.ask("POST", target)
      #expect(answer.status == 202)
      let end = try client.ask("PUT", "\(try answer.location)?digest=\(blob.digest)", body: blob.bytes)
      #expect(end.status == 201)
      #expect(try client.get("/v2/\(repository)/blobs/\(blob.digest)").body == blob.bytes)
    }

    /// A digest alone reads nothing: what the named repository does not hold is not mounted out of it.
    @Test func mountFromARepositoryWithoutTheBlobBeginsAnUpload() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("elsewhere \(repository)")
      try client.push(blob, to: repository)
      try client.push(Blob("something"), to: "\(repository)/other")
      let target = "/v2/\(repository)/to/blobs/uploads/?mount=\(blob.digest)&from=\(repository)/other"
      #expect(try client.ask("POST", target).status == 202)
      #expect(try client.get("/v2/\(repository)/to/blobs/\(blob.digest)").status == 404)
    }
  }
}
