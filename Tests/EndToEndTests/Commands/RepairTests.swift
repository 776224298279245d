import Glibc
import Testing

extension CommandTests {
  /// When files are lost or rot.
  @Suite struct Repair {
    struct Verified: Decodable {
      let checkedBlobs: Int
      let rotten: [String]
      let quarantined: Int
      let isFinished: Bool
    }

    struct Rebuilt: Decodable {
      let repositories: Int
      let manifests: Int
      let tags: Int
      let lostTags: Int
      let incomplete: [String]
    }

    private static func file(_ scene: Scene, _ blob: Blob) -> String {
      let hex = blob.digest.dropFirst("sha256:".count)
      return "\(scene.data)/blobs/sha256/\(hex.prefix(2))/\(hex)"
    }

    /// Flips one bit; the size stays.
    private static func rot(_ path: String) throws {
      chmod(path, 0o600)
      var bytes = try contents(of: path)
      bytes[bytes.count / 2] ^= 1
      try write(bytes, to: path)
      chmod(path, 0o444)
    }

    @Test(arguments: [true, false])
    func rottenBlobIsFoundPutAsideAndHealedByAPush(running: Bool) throws {
      let scene = try Scene(running: running)
      let layer = scene.old.layers[0]
      #expect(try scene.shoal("blob", "verify").code == 0)
      try Self.rot(Self.file(scene, layer))

      let look = try scene.shoal("blob", "verify", "--report-only", "--json")
      #expect(look.code == 1)
      #expect(try look.json(Verified.self).quarantined == 0)
      #expect(access(Self.file(scene, layer), F_OK) == 0)

      let verified = try scene.shoal("blob", "verify", "--json")
      #expect(verified.code == 1)
      let report = try verified.json(Verified.self)
      #expect(report.rotten == [layer.digest])
      #expect(report.quarantined == 1)
      #expect(report.isFinished)
      #expect(access(Self.file(scene, layer), F_OK) != 0)
      #expect(!TemporaryFolder.names(in: scene.data + "/quarantine").isEmpty)

      let node = try scene.node ?? ShoalNode(in: scene.folder)
      let client = try node.connect()
      let target = "/v2/team/app/blobs/\(layer.digest)"
      #expect(try client.get(target).status == 404)
      // A client asks first and would not push what is said to be there.
      #expect(try client.ask("HEAD", target).status == 404)
      try client.push(layer, to: "team/app")
      #expect(try client.get(target).body == layer.bytes)
      client.close()
      #expect(try node.stop() == .exit(0))
      #expect(try scene.shoal("blob", "verify").code == 0)
    }

    @Test func lostCatalogueIsRefusedWithAdviceAndRebuilt() throws {
      let scene = try Scene(running: false)
      for name in TemporaryFolder.names(in: scene.data) where name.hasPrefix("catalog.sqlite") {
        unlink("\(scene.data)/\(name)")
      }
      let refused = try ShoalNode.launch(scene.data)
      #expect(try refused.wait() == .exit(1))
      let said = refused.errors.complete()
      #expect(said.contains("shoal catalog rebuild --data \(scene.data)"), "\(said)")
      #expect(try scene.shoal("image", "ls").code != 0)

      let rebuild = try scene.shoal("catalog", "rebuild")
      #expect(rebuild.code == 0)
      #expect(rebuild.output.contains("2 repositories, 4 manifests, 0 tags"), "\(rebuild.output)")
      #expect(rebuild.output.contains("lost: "), "\(rebuild.output)")
      try Self.checkRebuilt(scene)
    }

    private static func checkRebuilt(_ scene: Scene) throws {
      let node = try ShoalNode(in: scene.folder)
      let client = try node.connect()
      for image in [scene.old, scene.new, scene.referrer] {
        let answer = try client.get("/v2/team/app/manifests/\(image.manifest.digest)")
        #expect(answer.body == image.manifest.bytes)
        #expect(answer["Content-Type"] == MediaTypes.manifest)
        for blob in image.blobs { #expect(try client.get("/v2/team/app/blobs/\(blob.digest)").body == blob.bytes) }
      }
      #expect(try client.get("/v2/_catalog").text.contains("[\"other\",\"team/app\"]"))
      #expect(try client.get("/v2/team/app/tags/list").text.contains("\"tags\":[]"))
      let referrers = try client.get("/v2/team/app/referrers/\(scene.new.manifest.digest)")
      #expect(referrers.text.contains(scene.referrer.manifest.digest))
      // A digest alone still reads nothing: links are as they were.
      #expect(try client.get("/v2/other/blobs/\(scene.old.layers[0].digest)").status == 404)
      try client.put(scene.new.manifest, to: "team/app", as: "latest")
      try client.checkService()
      client.close()
      #expect(try node.stop() == .exit(0))
    }

    /// The old catalogue can still tell the tags.
    @Test func rebuildOfASoundCatalogueKeepsItsTagsAndCountsTheLost() throws {
      let scene = try Scene(running: false)
      unlink(Self.file(scene, scene.old.manifest))
      let hex = scene.old.manifest.digest.dropFirst("sha256:".count)
      unlink("\(scene.data)/shelf/team/app/_manifests/sha256/\(hex)")
      let before = try scene.shoal("image", "tags", "team/app", "--json").json([TagLine].self)
      #expect(before.map(\.tag) == ["latest", "v2"])
      let rebuilt = try scene.shoal("catalog", "rebuild", "--json")
      #expect(rebuilt.code == 0)
      let report = try rebuilt.json(Rebuilt.self)
      #expect(report.tags == 3)
      #expect(report.lostTags == 0)
      #expect(try scene.get("/v2/team/app/manifests/latest").body == scene.new.manifest.bytes)
      #expect(try scene.get("/v2/other/manifests/v1").body == scene.new.manifest.bytes)
    }

    @Test func tagsOfAManifestThatIsGoneAreCountedAsLost() throws {
      let scene = try Scene(running: false)
      let hex = scene.new.manifest.digest.dropFirst("sha256:".count)
      unlink(Self.file(scene, scene.new.manifest))
      for repository in ["team/app", "other"] {
        unlink("\(scene.data)/shelf/\(repository)/_manifests/sha256/\(hex)")
      }
      let rebuild = try scene.shoal("catalog", "rebuild")
      #expect(rebuild.code == 0)
      #expect(rebuild.output.contains("3 tags"), "\(rebuild.output)")
      #expect(rebuild.output.contains("not on disk"), "\(rebuild.output)")
      #expect(try scene.get("/v2/team/app/manifests/latest").status == 404)
      #expect(try scene.get("/v2/team/app/manifests/\(scene.old.manifest.digest)").body == scene.old.manifest.bytes)
    }

    @Test func catalogueThatIsGarbageIsRefusedAndRebuilt() throws {
      let scene = try Scene(running: false)
      try write([UInt8](repeating: 0x5a, count: 50_000), to: scene.data + "/catalog.sqlite")
      let refused = try ShoalNode.launch(scene.data)
      #expect(try refused.wait() == .exit(1))
      let said = refused.errors.complete()
      #expect(said.contains("catalog rebuild"), "\(said)")
      #expect(try scene.shoal("catalog", "rebuild").code == 0)
      try Self.checkRebuilt(scene)
    }

    @Test func rebuildBesideARunningNodeIsRefusedWithItsPid() throws {
      let scene = try Scene(running: true)
      let node = try #require(scene.node)
      let command = try scene.shoal("catalog", "rebuild")
      #expect(command.code == 3)
      #expect(command.errors.contains("\(node.pid)"))
      #expect(try scene.get("/v2/team/app/manifests/latest").status == 200)
    }
  }
}
