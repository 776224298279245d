import Testing

extension SpecificationTests {
  // Push, and "Pushing Manifests"
  @Suite struct PushingManifests {
    private static func put(
      _ client: HTTPConnection, _ repository: String, _ reference: String, _ manifest: Blob,
      type: String = MediaTypes.manifest
    ) throws -> HTTPAnswer {
      try client.ask("PUT", "/v2/\(repository)/manifests/\(reference)", [("Content-Type", type)], body: manifest.bytes)
    }

    @Test(arguments: ["tag", "digest"])
    func pushIs201WithLocationAndDigest(by kind: String) throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("push")
      for blob in image.blobs { try client.push(blob, to: repository) }
      let reference = kind == "tag" ? "v1" : image.manifest.digest
      let answer = try Self.put(client, repository, reference, image.manifest)
      #expect(answer.status == 201)
      #expect(answer["Docker-Content-Digest"] == image.manifest.digest)
      #expect(try client.get(try answer.location).body == image.manifest.bytes)
    }

    /// MUST store the exact byte representation.
    @Test func bytesAreStoredExactly() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("exact")
      for blob in image.blobs { try client.push(blob, to: repository) }
      let text = String(decoding: image.manifest.bytes, as: UTF8.self)
      let spread = text.replacing(",", with: " ,\r\n  ")
      let odd = Blob("\n\t " + spread.replacing("{\"schema", with: "{\"é\" : [1e0, \"\\u00e9\"],\"schema") + "\n\n")
      try client.put(odd, to: repository, as: "odd")
      #expect(try client.get("/v2/\(repository)/manifests/odd").body == odd.bytes)
      #expect(try client.get("/v2/\(repository)/manifests/\(odd.digest)").body == odd.bytes)
    }

    @Test func pushUnderAnotherDigestIsRefused() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("digest")
      for blob in image.blobs { try client.push(blob, to: repository) }
      let answer = try Self.put(client, repository, Blob("other").digest, image.manifest)
      #expect(answer.status == 400)
      #expect(answer.errorCodes == ["DIGEST_INVALID"])
    }

    /// The list of blobs MAY be empty.
    @Test func manifestWithoutLayersIsAccepted() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage(layers: [])
      try client.push(image, to: repository, as: "empty")
      #expect(try client.get("/v2/\(repository)/manifests/empty").body == image.manifest.bytes)
    }

    @Test func manifestThatNamesAnAbsentBlobIsRefusedByMANIFEST_BLOB_UNKNOWN() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("absent \(repository)")
      try client.push(image.config, to: repository)
      let answer = try Self.put(client, repository, "v1", image.manifest)
      #expect(answer.status == 400 || answer.status == 404)
      #expect(Set(answer.errorCodes) == ["MANIFEST_BLOB_UNKNOWN"])
      #expect(try client.get("/v2/\(repository)/manifests/v1").status == 404)
    }

    @Test func indexThatNamesAnAbsentManifestIsRefusedByMANIFEST_BLOB_UNKNOWN() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("child")
      let index = TestImage.index(of: [image.manifest])
      let early = try Self.put(client, repository, "v1", index, type: MediaTypes.index)
      #expect(Set(early.errorCodes) == ["MANIFEST_BLOB_UNKNOWN"])
      try client.push(image, to: repository)
      try client.put(index, to: repository, as: "v1", type: MediaTypes.index)
      #expect(try client.get("/v2/\(repository)/manifests/v1").body == index.bytes)
    }

    @Test func sparseManifestIsAcceptedWhenConfiguredSo() throws {
      try withNode(settings: ["manifests.sparse": "true"]) { node in
        let index = TestImage.index(of: [TestImage("nowhere").manifest])
        try node.connect().put(index, to: "a", as: "v1", type: MediaTypes.index)
        #expect(try node.ask("GET", "/v2/a/manifests/v1").body == index.bytes)
        let image = TestImage("nowhere").manifest
        try node.connect().put(image, to: "a", as: "v2")
        #expect(try node.ask("GET", "/v2/a/manifests/v2").body == image.bytes)
      }
    }

    /// Layers that may not be distributed live elsewhere by design (image-spec, "Non-Distributable Layers").
    @Test func nonDistributableLayerNeedNotBeHere() throws {
      let (client, repository) = try SharedNode.visit()
      var image = TestImage("foreign")
      image.layerType = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
      try client.push(image.config, to: repository)
      try client.put(image.manifest, to: repository, as: "v1")
      #expect(try client.get("/v2/\(repository)/manifests/v1").status == 200)
    }

    @Test func artifactOfAnyMediaTypeIsKept() throws {
      let (client, repository) = try SharedNode.visit()
      let artifact = Blob("{\"anything\":[\"goes\"]}")
      try client.put(artifact, to: repository, as: "v1", type: "application/vnd.example.thing+json")
      let answer = try client.get("/v2/\(repository)/manifests/v1")
      #expect(answer.body == artifact.bytes)
      #expect(answer["Content-Type"] == "application/vnd.example.thing+json")
    }

    /// SHOULD support at least 4 megabytes; SHOULD answer 413 over the limit.
    @Test func manifestOfFourMegabytesIsTakenAndOneOverTheLimitIs413() throws {
      let (client, repository) = try SharedNode.visit()
      var image = TestImage("large")
      for blob in image.blobs { try client.push(blob, to: repository) }
      image.more = ",\"annotations\":{\"k\":\"\(String(repeating: "v", count: 4_000_000))\"}"
      try client.put(image.manifest, to: repository, as: "large")
      #expect(try client.get("/v2/\(repository)/manifests/large").body == image.manifest.bytes)
      image.more = ",\"annotations\":{\"k\":\"\(String(repeating: "v", count: 4 << 20))\"}"
      let answer = try Self.put(client, repository, "huge", image.manifest)
      #expect(answer.status == 413)
      #expect(answer.errorCodes == ["SIZE_INVALID"])
    }

    @Test func tagMovesToTheManifestThatWasPushedLast() throws {
      let (client, repository) = try SharedNode.visit()
      let (old, new) = (TestImage("old"), TestImage("new"))
      try client.push(old, to: repository, as: "v1")
      try client.push(new, to: repository, as: "v1")
      #expect(try client.get("/v2/\(repository)/manifests/v1").body == new.manifest.bytes)
      #expect(try client.get("/v2/\(repository)/manifests/\(old.manifest.digest)").body == old.manifest.bytes)
    }

    /// After 1.1: `?tag=` besides a digest. SHOULD support at least 10; MUST name each in `OCI-Tag`.
    @Test func tagsBesidesADigestAreSetAndNamed() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("many tags")
      for blob in image.blobs { try client.push(blob, to: repository) }
      let tags = (1...12).map { "t\($0)" }
      let query = tags.map { "tag=\($0)" }.joined(separator: "&")
      let answer = try Self.put(client, repository, "\(image.manifest.digest)?\(query)", image.manifest)
      #expect(answer.status == 201)
      let named = answer.all("OCI-Tag").flatMap { $0.split(separator: ",").map { String($0.drop { $0 == " " }) } }
      #expect(named.sorted() == tags.sorted())
      for tag in tags { #expect(try client.ask("HEAD", "/v2/\(repository)/manifests/\(tag)").status == 200) }
    }
  }

  // "Pushing Manifests with Subject"
  @Suite struct PushingManifestsWithSubject {
    /// A registry MUST accept a `subject` that does not exist: either order.
    @Test func subjectMayComeAfterItsReferrer() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      let referrer = TestImage("referrer").about(subject.manifest)
      try client.push(referrer, to: repository)
      #expect(try client.get("/v2/\(repository)/manifests/\(subject.manifest.digest)").status == 404)
      try client.push(subject, to: repository, as: "v1")
      #expect(try client.get("/v2/\(repository)/manifests/v1").status == 200)
    }

    /// MUST respond with `OCI-Subject`.
    @Test func pushIsAnsweredWithTheSubject() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      let referrer = TestImage("referrer").about(subject.manifest)
      for blob in referrer.blobs { try client.push(blob, to: repository) }
      let answer = try client.put(referrer.manifest, to: repository, as: "r")
      #expect(answer["OCI-Subject"] == subject.manifest.digest)
      try client.push(subject, to: repository)
      #expect(try client.put(subject.manifest, to: repository, as: "s")["OCI-Subject"] == nil)
    }

    @Test func indexWithASubjectIsAnsweredWithItToo() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      try client.push(subject, to: repository)
      let more = ",\"subject\":\(subject.manifest.descriptor(MediaTypes.manifest))"
      let index = TestImage.index(of: [subject.manifest], more: more)
      let answer = try client.put(index, to: repository, as: "i", type: MediaTypes.index)
      #expect(answer["OCI-Subject"] == subject.manifest.digest)
    }
  }
}
