import Testing

extension SpecificationTests {
  // Content Management, "Deleting tags"
  @Suite struct DeletingTags {
    @Test func deleteIs202AndTheTagIs404AndTheManifestStays() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("tagged")
      try client.push(image, to: repository, as: "v1")
      try client.put(image.manifest, to: repository, as: "v2")
      #expect(try client.ask("DELETE", "/v2/\(repository)/manifests/v1").status == 202)
      #expect(try client.get("/v2/\(repository)/manifests/v1").status == 404)
      #expect(try client.get("/v2/\(repository)/manifests/v2").status == 200)
      #expect(try client.get("/v2/\(repository)/manifests/\(image.manifest.digest)").status == 200)
      #expect(try client.get("/v2/\(repository)/tags/list").json(TagList.self).tags == ["v2"])
    }

    @Test func tagThatIsNotThereIs404() throws {
      let (client, repository) = try SharedNode.visit()
      try client.push(TestImage("tagged"), to: repository, as: "v1")
      #expect(try client.ask("DELETE", "/v2/\(repository)/manifests/v2").status == 404)
    }
  }

  // "Deleting Manifests"
  @Suite struct DeletingManifests {
    @Test func deleteIs202AndDigestAndEachTagAre404() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("doomed")
      try client.push(image, to: repository, as: "v1")
      try client.put(image.manifest, to: repository, as: "v2")
      let target = "/v2/\(repository)/manifests/\(image.manifest.digest)"
      #expect(try client.ask("DELETE", target).status == 202)
      for reference in [image.manifest.digest, "v1", "v2"] {
        #expect(try client.get("/v2/\(repository)/manifests/\(reference)").status == 404)
      }
      #expect(try client.ask("DELETE", target).status == 404)
    }

    /// MUST be 404.
    @Test func repositoryThatDoesNotExistIs404() throws {
      let (client, repository) = try SharedNode.visit()
      #expect(try client.ask("DELETE", "/v2/\(repository)/manifests/\(Blob("x").digest)").status == 404)
    }

    @Test func manifestCanBePushedAgainAfterItsDeletion() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("phoenix")
      try client.push(image, to: repository, as: "v1")
      #expect(try client.ask("DELETE", "/v2/\(repository)/manifests/\(image.manifest.digest)").status == 202)
      try client.push(image, to: repository, as: "v1")
      #expect(try client.get("/v2/\(repository)/manifests/v1").body == image.manifest.bytes)
    }

    @Test func deletionInOneRepositoryLeavesTheOthers() throws {
      let (client, repository) = try SharedNode.visit()
      let image = TestImage("shared")
      for name in [repository, repository + "/other"] { try client.push(image, to: name, as: "v1") }
      #expect(try client.ask("DELETE", "/v2/\(repository)/manifests/\(image.manifest.digest)").status == 202)
      #expect(try client.get("/v2/\(repository)/other/manifests/v1").body == image.manifest.bytes)
    }
  }

  // "Deleting Blobs"
  @Suite struct DeletingBlobs {
    @Test func deleteIs202AndTheBlobIs404() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("doomed")
      let location = try client.push(blob, to: repository)
      #expect(try client.ask("DELETE", location).status == 202)
      #expect(try client.get(location).status == 404)
      #expect(try client.ask("HEAD", location).status == 404)
    }

    /// MUST be 404.
    @Test func blobThatIsNotFoundIs404() throws {
      let (client, repository) = try SharedNode.visit()
      #expect(try client.ask("DELETE", "/v2/\(repository)/blobs/\(Blob("absent").digest)").status == 404)
    }

    @Test func blobCanBePushedAgainAfterItsDeletion() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("phoenix")
      let location = try client.push(blob, to: repository)
      #expect(try client.ask("DELETE", location).status == 202)
      try client.push(blob, to: repository)
      #expect(try client.get(location).body == blob.bytes)
    }

    @Test func deletionInOneRepositoryLeavesTheOthers() throws {
      let (client, repository) = try SharedNode.visit()
      let blob = Blob("shared")
      let here = try client.push(blob, to: repository)
      let there = try client.push(blob, to: repository + "/other")
      #expect(try client.ask("DELETE", here).status == 202)
      #expect(try client.get(there).body == blob.bytes)
    }
  }
}
