import Glibc
import Testing

extension BadInputTests {
  @Suite(.serialized, .enabled(if: Machine.mayBeRoot, "only root can mount a small disk"))
  struct FullDisks {
    private static func withSmallDisk(_ body: (ShoalNode, SmallDisk) throws -> Void) throws {
      let folder = try TemporaryFolder()
      let disk = try SmallDisk(in: folder, megabytes: 64)
      var options = ShoalNode.Options()
      options.data = disk.path + "/data"
      let node = try ShoalNode(in: folder, options)
      defer { _ = try? node.process.kill() }
      try body(node, disk)
    }

    private static func layer(_ seed: UInt64, megabytes: Int) -> Blob {
      var random = SeededRandom(seed: seed)
      return Blob(random.bytes(megabytes << 20))
    }

    @Test func pushBeyondTheDiskIs507AndWhatWasAcknowledgedStays() throws {
      try Self.withSmallDisk { node, _ in
        let client = try node.connect()
        let image = TestImage(layers: [Self.layer(1, megabytes: 20), Self.layer(2, megabytes: 15)])
        try client.push(image, to: "full", as: "v1")
        for seed: UInt64 in 3...6 {
          let blob = Self.layer(seed, megabytes: 40)
          let single = try node.ask("POST", "/v2/full/blobs/uploads/?digest=\(blob.digest)", body: blob.bytes)
          try Self.checkRefusal(single)
          let location = try node.connect().beginUpload(in: "full")
          let patch = try node.ask("PATCH", location, body: blob.bytes)
          try Self.checkRefusal(patch)
          #expect(try node.ask("HEAD", "/v2/full/blobs/\(blob.digest)").status == 404)
        }
        #expect(eventually { node.stagedUploads.isEmpty })
        try Self.checkImage(node, image)
        try node.connect().checkService()
      }
    }

    private static func checkRefusal(_ answer: HTTPAnswer) throws {
      #expect(answer.status == 507)
      #expect(answer["Content-Type"] == "application/json")
      let entry = try #require(try answer.json(ErrorsDocument.self).errors.first)
      #expect(entry.message?.contains("disk is full") == true)
      #expect(answer["Retry-After"] != nil)
    }

    private static func checkImage(_ node: ShoalNode, _ image: TestImage) throws {
      let client = try node.connect()
      #expect(try client.get("/v2/full/manifests/v1").body == image.manifest.bytes)
      for blob in image.blobs { #expect(try client.get("/v2/full/blobs/\(blob.digest)").body == blob.bytes) }
    }

    /// Not a byte is left: the catalogue cannot grow either. A cancelled upload gives the room back.
    @Test func diskThatIsFullToTheLastByteRefusesCleanlyAndComesBack() throws {
      try Self.withSmallDisk { node, disk in
        let client = try node.connect()
        let image = TestImage("small")
        try client.push(image, to: "full", as: "v1")
        let location = try client.beginUpload(in: "full")
        let filler = Self.layer(7, megabytes: 64).bytes
        #expect(try client.ask("PATCH", location, body: Array(filler[..<(disk.freeBytes - (1 << 20))])).status == 202)
        try Self.fill(disk)
        for round in 0..<50 {
          let other = TestImage("other \(round)")
          let statuses = try Self.tryToPush(node, other, as: "t\(round)")
          #expect(statuses.isSubset(of: [201, 202, 400, 507]), "\(statuses)")
        }
        try Self.checkImage(node, image)
        try Machine.run("rm", disk.path + "/filler")
        #expect(try client.ask("DELETE", location).status == 204)
        try client.checkService()
        try node.kill()
        var options = ShoalNode.Options()
        options.data = disk.path + "/data"
        let again = try ShoalNode(in: node.folder, options)
        try Self.checkImage(again, image)
        try again.connect().checkService()
        try again.kill()
      }
    }

    /// The statuses that the steps of a push were answered with.
    private static func tryToPush(_ node: ShoalNode, _ image: TestImage, as tag: String) throws -> Set<Int> {
      var statuses: Set<Int> = []
      for blob in image.blobs {
        let answer = try node.ask("POST", "/v2/full/blobs/uploads/?digest=\(blob.digest)", body: blob.bytes)
        statuses.insert(answer.status)
      }
      let fields = [("Content-Type", MediaTypes.manifest)]
      let put = try node.ask("PUT", "/v2/full/manifests/\(tag)", fields, body: image.manifest.bytes)
      statuses.insert(put.status)
      let pulled = try node.ask("GET", "/v2/full/manifests/\(tag)")
      #expect(pulled.status == (put.status == 201 ? 200 : 404))
      return statuses
    }

    private static func fill(_ disk: SmallDisk) throws {
      let file = open(disk.path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      guard file >= 0 else { throw Trouble(errno: "open filler") }
      defer { close(file) }
      let page = [UInt8](repeating: 1, count: 4096)
      while write(file, page, page.count) > 0 {}
      guard disk.freeBytes == 0 else { throw Trouble("\(disk.freeBytes) bytes are still free") }
    }
  }

  /// Folders that the node may not write in, seen as a user who is not root: root may do everything.
  @Suite(.serialized, .enabled(if: Machine.mayBeRoot, "only root can become somebody else"))
  struct ForbiddenFolders {
    private static let user: uid_t = 64_123
    private static let asUser = ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups"]

    private static func refusal(_ data: String, as wrapper: [String] = asUser) throws -> String {
      var options = ShoalNode.Options()
      options.wrapper = wrapper
      let process = try ShoalNode.launch(data, options)
      #expect(try process.wait() == .exit(1))
      return process.errors.complete() + process.output.complete()
    }

    @Test func folderOfAnotherIsRefusedWithAReason() throws {
      let folder = try TemporaryFolder()
      chmod(folder.path, 0o755)
      try ShoalNode(in: folder).stop()
      let said = try Self.refusal(folder("data"))
      #expect(said.contains("may not write in the data folder"), "\(said)")
      let node = try ShoalNode(in: folder)
      try node.connect().checkService()
      try node.stop()
    }

    @Test func folderWithoutTheRightToWriteIsRefusedWithAReason() throws {
      let folder = try TemporaryFolder()
      chmod(folder.path, 0o755)
      let data = folder("data")
      mkdir(data, 0o700)
      chown(data, Self.user, Self.user)
      chmod(data, 0o555)
      let said = try Self.refusal(data)
      #expect(said.contains("may not write in the data folder"), "\(said)")
      chmod(data, 0o700)
      var options = ShoalNode.Options()
      options.wrapper = Self.asUser
      let node = try ShoalNode(in: folder, options)
      try node.connect().checkService()
      try node.stop()
    }

    @Test func diskMountedForReadingIsRefusedWithAReason() throws {
      let folder = try TemporaryFolder()
      let disk = try SmallDisk(in: folder, megabytes: 16)
      try disk.remount("ro")
      let said = try Self.refusal(disk.path + "/data", as: [])
      #expect(said.contains("read-only"), "\(said)")
    }

    @Test func fileInTheFoldersPlaceIsRefusedWithAReason() throws {
      let folder = try TemporaryFolder()
      try write([1], to: folder("data"))
      let said = try Self.refusal(folder("data"), as: [])
      #expect(said.contains("not a folder"), "\(said)")
    }
  }
}
