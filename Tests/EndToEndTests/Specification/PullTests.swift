import OpenSSLKit
import Testing

extension SpecificationTests {
  // Workflow Categories, Pull, "Pulling manifests"
  @Suite struct PullingManifests {
    @Test(arguments: ["tag", "digest"])
    func manifestIsGivenWith200(by kind: String) throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("pull")
      try client.push(image, to: repository, as: "v1")
      let reference = kind == "tag" ? "v1" : image.manifest.digest
      let answer = try client.get("/v2/\(repository)/manifests/\(reference)")
      #expect(answer.status == 200)
      #expect(answer.body == image.manifest.bytes)
    }

    /// SHOULD: `Docker-Content-Digest`; MUST (after 1.1).
    @Test func successfulResponseNamesTheDigestOfTheBytes() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("digest")
      try client.push(image, to: repository, as: "v1")
      #expect(try client.get("/v2/\(repository)/manifests/v1")["Docker-Content-Digest"] == image.manifest.digest)
      let sha512 = Blob.digest(of: image.manifest.bytes, .sha512)
      try client.put(image.manifest, to: repository, as: sha512)
      let answer = try client.get("/v2/\(repository)/manifests/\(sha512)")
      #expect(answer.body == image.manifest.bytes)
      #expect(answer["Docker-Content-Digest"] == sha512)
    }

    /// SHOULD match the pushed type; SHOULD NOT have parameters.
    @Test(arguments: [MediaTypes.manifest, MediaTypes.manifest + "; charset=utf-8"])
    func contentTypeIsThePushedOneWithoutParameters(pushed: String) throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("type")
      for blob in image.blobs { try client.push(blob, to: repository) }
      try client.put(image.manifest, to: repository, as: "v1", type: pushed)
      #expect(try client.get("/v2/\(repository)/manifests/v1").all("Content-Type") == [MediaTypes.manifest])
    }

    @Test func contentTypeMatchesTheMediaTypeFieldWhateverIsAccepted() throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(TestImage("accept"), to: repository, as: "v1")
      for accepted in [MediaTypes.manifest, MediaTypes.index, "*/*", "application/json"] {
        let answer = try client.get("/v2/\(repository)/manifests/v1", [("Accept", accepted)])
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == MediaTypes.manifest)
      }
    }

    @Test func manifestThatIsNotFoundIs404() throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(TestImage("there"), to: repository, as: "v1")
      for reference in ["v2", Blob("absent").digest] {
        let answer = try client.get("/v2/\(repository)/manifests/\(reference)")
        #expect(answer.status == 404)
        #expect(answer.errorCodes == ["MANIFEST_UNKNOWN"])
      }
    }

    /// "Pushing Manifests": an attempt to pull a nonexistent repository MUST return 404.
    @Test func repositoryThatDoesNotExistIs404() throws {
      let (client, repository) = try SharedNode.visit()
      #expect(try client.get("/v2/\(repository)/manifests/latest").status == 404)
      #expect(try client.get("/v2/\(repository)/blobs/\(Blob("x").digest)").status == 404)
      #expect(try client.get("/v2/\(repository)/tags/list").status == 404)
    }

    @Test func manifestOfOneRepositoryIsNotFoundInAnother() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("mine")
      try client.push(image, to: repository, as: "v1")
      #expect(try client.get("/v2/\(repository)x/manifests/\(image.manifest.digest)").status == 404)
      #expect(try client.get("/v2/\(repository)x/blobs/\(image.config.digest)").status == 404)
    }

    @Test(arguments: [
      "a", "0", "a/b", "a.b", "a_b", "a__b", "a-b", "a---b", "a/b/c/d/e/f/g", "1.2_3__4-5--6", "blobs/uploads",
      "tags/list", "manifests/v1", "a/blobs/b",
    ])
    func nameOfTheGrammarIsAccepted(name: String) throws {
      let (client, _) = try SharedNode.visit()
      let image = TestImage(name)
      try client.push(image, to: "names/" + name, as: "v1")
      #expect(try client.get("/v2/names/\(name)/manifests/v1").body == image.manifest.bytes)
    }

    @Test(arguments: [
      "A", "a/B", "-a", "a-", "a.", ".a", "a..b", "a___b", "a._b", "a/-b", "a//b", "a/", "a%2fb", "a b", "ä", "a+b",
      "..",
    ])
    func nameOutsideTheGrammarIsRefused(name: String) throws {
      let (client, _) = try SharedNode.visit()
      let target = "/v2/x/\(name)/manifests/v1"
      let answer = try client.ask("PUT", target, [("Content-Type", MediaTypes.manifest)], body: [0x7b, 0x7d])
      #expect((400...404).contains(answer.status))
      let read = try SharedNode.visit().0.get(target)
      #expect((400...404).contains(read.status))
    }

    @Test(arguments: ["a", "_", "A.b-C_9", "0", String(repeating: "t", count: 128)])
    func tagOfTheGrammarIsAccepted(tag: String) throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage(tag)
      try client.push(image, to: repository, as: tag)
      #expect(try client.get("/v2/\(repository)/manifests/\(tag)").body == image.manifest.bytes)
    }

    @Test(arguments: [".a", "-a", "a+b", "a%41", "a~b", "@a", String(repeating: "t", count: 129)])
    func referenceInAnyOtherFormatIsRefused(reference: String) throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("reference")
      for blob in image.blobs { try client.push(blob, to: repository) }
      let target = "/v2/\(repository)/manifests/\(reference)"
      let put = try client.ask("PUT", target, [("Content-Type", MediaTypes.manifest)], body: image.manifest.bytes)
      #expect(put.status == 400)
      #expect(try client.get(target).status == 404)
    }
  }

  // "Pulling blobs"
  @Suite struct PullingBlobs {
    @Test(arguments: [StreamingHash.Function.sha256, .sha512])
    func blobIsGivenWith200AndItsDigest(function: StreamingHash.Function) throws {
      let (client, repository) = try SharedNode.visit()
      var random = SeededRandom(seed: 1)
      let blob = Blob(random.bytes(300_000), function)
      try client.push(blob, to: repository)
      let answer = try client.get("/v2/\(repository)/blobs/\(blob.digest)")
      #expect(answer.status == 200)
      #expect(answer.body == blob.bytes)
      #expect(answer["Docker-Content-Digest"] == blob.digest)
    }

    @Test func emptyBlobIsABlob() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("")
      try client.push(blob, to: repository)
      let answer = try client.get("/v2/\(repository)/blobs/\(blob.digest)")
      #expect(answer.status == 200)
      #expect(answer["Content-Length"] == "0")
    }

    @Test func blobThatIsNotFoundIs404() throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(Blob("there"), to: repository)
      let answer = try client.get("/v2/\(repository)/blobs/\(Blob("absent").digest)")
      #expect(answer.status == 404)
      #expect(answer.errorCodes == ["BLOB_UNKNOWN"])
    }

    /// SHOULD support `Range`, RFC 9110 §14.
    @Test(arguments: [
      ("bytes=0-0", 0..<1), ("bytes=2-5", 2..<6), ("bytes=6-", 6..<10), ("bytes=-3", 7..<10), ("bytes=8-99", 8..<10),
      ("bytes=-99", 0..<10),
    ])
    func rangeIsGivenWith206(field: String, expected: Range<Int>) throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("0123456789")
      try client.push(blob, to: repository)
      let answer = try client.get("/v2/\(repository)/blobs/\(blob.digest)", [("Range", field)])
      #expect(answer.status == 206)
      #expect(answer.body == Array(blob.bytes[expected]))
      #expect(answer["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/10")
      #expect(answer["Content-Length"] == "\(expected.count)")
    }

    @Test(arguments: ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"])
    func rangeThatCannotBeSatisfiedIs416(field: String) throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("0123456789")
      try client.push(blob, to: repository)
      let answer = try client.get("/v2/\(repository)/blobs/\(blob.digest)", [("Range", field)])
      #expect(answer.status == 416)
      #expect(answer["Content-Range"] == "bytes */10")
    }
  }

  // "Checking if content exists in the registry"
  @Suite struct CheckingExistence {
    @Test func headOfABlobIs200WithDigestAndSize() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("is it there?")
      try client.push(blob, to: repository)
      let answer = try client.ask("HEAD", "/v2/\(repository)/blobs/\(blob.digest)")
      #expect(answer.status == 200)
      #expect(answer["Docker-Content-Digest"] == blob.digest)
      #expect(answer["Content-Length"] == "\(blob.bytes.count)")
    }

    @Test(arguments: ["tag", "digest"])
    func headOfAManifestIs200WithDigestAndSize(by kind: String) throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("head")
      try client.push(image, to: repository, as: "v1")
      let reference = kind == "tag" ? "v1" : image.manifest.digest
      let answer = try client.ask("HEAD", "/v2/\(repository)/manifests/\(reference)")
      #expect(answer.status == 200)
      #expect(answer["Docker-Content-Digest"] == image.manifest.digest)
      #expect(answer["Content-Length"] == "\(image.manifest.bytes.count)")
      #expect(answer["Content-Type"] == MediaTypes.manifest)
      // The connection shows that no body followed.
      #expect(try client.get("/v2/").status == 200)
    }

    @Test func headOfWhatIsNotFoundIs404() throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(Blob("there"), to: repository)
      #expect(try client.ask("HEAD", "/v2/\(repository)/blobs/\(Blob("absent").digest)").status == 404)
      #expect(try client.ask("HEAD", "/v2/\(repository)/manifests/absent").status == 404)
      #expect(try client.ask("HEAD", "/v2/\(repository)/manifests/\(Blob("absent").digest)").status == 404)
    }
  }
}
