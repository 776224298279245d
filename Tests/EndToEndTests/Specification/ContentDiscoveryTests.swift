import Testing

extension SpecificationTests {
  struct TagList: Decodable, Equatable {
    let name: String
    let tags: [String]
  }

  // Content Discovery, "Listing Tags"
  @Suite struct ListingTags {
    private static let tags = ["0", "A", "_x", "a", "b.1", "b.10", "b.2", "latest"]

    private static func filled() throws -> (HTTPConnection, repository: String) {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("tags")
      try client.push(image, to: repository)
      for tag in tags.reversed() { try client.put(image.manifest, to: repository, as: tag) }
      return (client, repository)
    }

    @Test func listIs200WithNameAndTagsInOrder() throws {
      let (client, repository) = try Self.filled()
      let answer = try client.get("/v2/\(repository)/tags/list")
      #expect(answer.status == 200)
      #expect(answer["Content-Type"] == "application/json")
      #expect(try answer.json(TagList.self) == TagList(name: repository, tags: Self.tags))
    }

    /// The list MAY be empty.
    @Test func repositoryWithoutTagsHasAnEmptyList() throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(TestImage("untagged"), to: repository)
      let answer = try client.get("/v2/\(repository)/tags/list")
      #expect(answer.status == 200)
      #expect(try answer.json(TagList.self).tags.isEmpty)
    }

    @Test func repositoryThatDoesNotExistIs404() throws {
      let (client, repository) = try SharedNode.visit()
      let answer = try client.get("/v2/\(repository)/tags/list")
      #expect(answer.status == 404)
      #expect(answer.errorCodes == ["NAME_UNKNOWN"])
    }

    @Test(arguments: 1...9)
    func pageHasAsManyTagsAsAskedFor(size: Int) throws {
      let (client, repository) = try Self.filled()
      let answer = try client.get("/v2/\(repository)/tags/list?n=\(size)")
      #expect(try answer.json(TagList.self).tags == Array(Self.tags.prefix(size)))
      #expect((answer["Link"] == nil) == (size >= Self.tags.count))
    }

    /// MUST be empty, MUST NOT have a `Link`.
    @Test func pageOfZeroIsEmptyWithoutALink() throws {
      let (client, repository) = try Self.filled()
      let answer = try client.get("/v2/\(repository)/tags/list?n=0")
      #expect(answer.status == 200)
      #expect(try answer.json(TagList.self).tags.isEmpty)
      #expect(answer["Link"] == nil)
    }

    @Test(arguments: ["", "n=3&"])
    func listGoesOnBehindLast(query: String) throws {
      let (client, repository) = try Self.filled()
      let answer = try client.get("/v2/\(repository)/tags/list?\(query)last=a")
      let rest = Array(Self.tags.drop { $0 != "a" }.dropFirst())
      #expect(try answer.json(TagList.self).tags == Array(rest.prefix(query.isEmpty ? rest.count : 3)))
    }

    @Test func lastNeedNotBeThere() throws {
      let (client, repository) = try Self.filled()
      let answer = try client.get("/v2/\(repository)/tags/list?last=b.11")
      #expect(try answer.json(TagList.self).tags == ["b.2", "latest"])
    }

    /// RFC 5988, rel="next".
    @Test func linksLeadThroughTheWholeList() throws {
      let (client, repository) = try Self.filled()
      var target: String? = "/v2/\(repository)/tags/list?n=3"
      var found: [String] = []
      while let page = target, found.count <= Self.tags.count {
        let answer = try client.get(page)
        found += try answer.json(TagList.self).tags
        target = try answer["Link"].map { link in
          let match = try #require(link.wholeMatch(of: #/<(/[^>]*)>; rel="next"/#))
          return String(match.1)
        }
      }
      #expect(found == Self.tags)
    }
  }

  // "Listing Referrers"
  @Suite struct ListingReferrers {
    struct Index: Decodable {
      struct Descriptor: Decodable {
        let mediaType: String
        let digest: String
        let size: Int
        let artifactType: String?
        let annotations: [String: String]?
      }

      let schemaVersion: Int
      let mediaType: String
      let manifests: [Descriptor]
    }

    @Test func subjectWithoutReferrersHasAnEmptyIndexRatherThan404() throws {
      let (client, repository) = try SharedNode.visit()
      for target in [Blob("nobody").digest, Blob(Array("nobody".utf8), .sha512).digest] {
        let answer = try client.get("/v2/\(repository)/referrers/\(target)")
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == MediaTypes.index)
        let index = try answer.json(Index.self)
        #expect(index.schemaVersion == 2)
        #expect(index.mediaType == MediaTypes.index)
        #expect(index.manifests.isEmpty)
      }
    }

    @Test(arguments: ["sha256:abc", "nonsense", "md5:d41d8cd98f00b204e9800998ecf8427e", "latest"])
    func digestThatIsNoneIs400(digest: String) throws {
      let (client, repository) = try SharedNode.visit()
      #expect(try client.get("/v2/\(repository)/referrers/\(digest)").status == 400)
    }

    @Test func descriptorsHaveTypeSizeArtifactTypeAndAnnotations() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      let sbom = TestImage("sbom").about(
        subject.manifest, artifactType: "application/vnd.example.sbom", annotations: "{\"org.example.k\":\"v\"}")
      try client.push(sbom, to: repository)
      let answer = try client.get("/v2/\(repository)/referrers/\(subject.manifest.digest)")
      #expect(answer["Content-Type"] == MediaTypes.index)
      let descriptor = try #require(try answer.json(Index.self).manifests.first)
      #expect(descriptor.mediaType == MediaTypes.manifest)
      #expect(descriptor.digest == sbom.manifest.digest)
      #expect(descriptor.size == sbom.manifest.bytes.count)
      #expect(descriptor.artifactType == "application/vnd.example.sbom")
      #expect(descriptor.annotations == ["org.example.k": "v"])
    }

    /// MUST be set to the config's media type.
    @Test(arguments: [nil, ""])
    func imageWithoutArtifactTypeHasItsConfigs(written: String?) throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      var signature = TestImage("signature").about(subject.manifest, artifactType: written)
      signature.configType = "application/vnd.example.signature.config"
      try client.push(signature, to: repository)
      let index = try client.get("/v2/\(repository)/referrers/\(subject.manifest.digest)").json(Index.self)
      #expect(index.manifests.map(\.artifactType) == ["application/vnd.example.signature.config"])
    }

    /// MUST be omitted.
    @Test func indexWithoutArtifactTypeHasNone() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      try client.push(subject, to: repository)
      let more = ",\"subject\":\(subject.manifest.descriptor(MediaTypes.manifest)),\"annotations\":{\"a\":\"b\"}"
      let index = TestImage.index(of: [subject.manifest], more: more)
      try client.put(index, to: repository, as: index.digest, type: MediaTypes.index)
      let answer = try client.get("/v2/\(repository)/referrers/\(subject.manifest.digest)")
      let descriptor = try #require(try answer.json(Index.self).manifests.first)
      #expect(descriptor.digest == index.digest)
      #expect(descriptor.mediaType == MediaTypes.index)
      #expect(descriptor.annotations == ["a": "b"])
      #expect(!answer.text.contains("artifactType"))
    }

    @Test func filterIsAppliedAndSaidSo() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      let one = TestImage("one").about(subject.manifest, artifactType: "application/one+json")
      let two = TestImage("two").about(subject.manifest, artifactType: "application/two")
      for image in [one, two] { try client.push(image, to: repository) }
      let target = "/v2/\(repository)/referrers/\(subject.manifest.digest)"
      let all = try client.get(target)
      #expect(try Set(all.json(Index.self).manifests.map(\.digest)) == [one.manifest.digest, two.manifest.digest])
      #expect(all["OCI-Filters-Applied"] == nil)
      let filtered = try client.get(target + "?artifactType=application%2Fone%2Bjson")
      #expect(try filtered.json(Index.self).manifests.map(\.digest) == [one.manifest.digest])
      #expect(filtered["OCI-Filters-Applied"] == "artifactType")
      let none = try client.get(target + "?artifactType=application/three")
      #expect(none.status == 200)
      #expect(try none.json(Index.self).manifests.isEmpty)
    }

    /// Each descriptor is of the same namespace.
    @Test func referrersOfAnotherRepositoryAreNotListed() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      try client.push(TestImage("r").about(subject.manifest), to: repository)
      let answer = try client.get("/v2/\(repository)/other/referrers/\(subject.manifest.digest)")
      #expect(try answer.json(Index.self).manifests.isEmpty)
    }

    @Test func deletedReferrerIsNoLongerListed() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      let referrer = TestImage("r").about(subject.manifest)
      try client.push(referrer, to: repository)
      #expect(try client.ask("DELETE", "/v2/\(repository)/manifests/\(referrer.manifest.digest)").status == 202)
      let answer = try client.get("/v2/\(repository)/referrers/\(subject.manifest.digest)")
      #expect(try answer.json(Index.self).manifests.isEmpty)
    }

    /// "Enabling the Referrers API": a list that a client keeps under the tag schema stays a tag like others.
    @Test func referrersTagSchemaIsAnOrdinaryTag() throws {
      let (client, repository) = try SharedNode.visit()
      let subject = TestImage("subject")
      let referrer = TestImage("r").about(subject.manifest)
      try client.push(referrer, to: repository)
      let tag = subject.manifest.digest.replacing(":", with: "-")
      let index = TestImage.index(of: [referrer.manifest])
      try client.put(index, to: repository, as: tag, type: MediaTypes.index)
      #expect(try client.get("/v2/\(repository)/manifests/\(tag)").body == index.bytes)
      let listed = try client.get("/v2/\(repository)/referrers/\(subject.manifest.digest)").json(Index.self)
      #expect(listed.manifests.map(\.digest) == [referrer.manifest.digest])
    }
  }
}
