import BlockingBodies
import Glibc
import Testing

/// The commands beside `serve`, on the folder of a running node and on one that rests: the same words, the same codes.
@Suite(.blocking)
struct CommandTests {
  /// A folder with two repositories, and a node on it or none.
  struct Scene {
    let folder: TemporaryFolder
    let node: ShoalNode?
    let old = TestImage("old")
    let new = TestImage("new")
    let referrer: TestImage

    var data: String { folder("data") }

    init(running: Bool) throws {
      folder = try TemporaryFolder()
      referrer = TestImage("about new").about(new.manifest, artifactType: "application/example")
      let node = try ShoalNode(in: folder)
      let client = try node.connect()
      try client.push(old, to: "team/app", as: "latest")
      try client.push(new, to: "team/app", as: "latest")
      try client.put(new.manifest, to: "team/app", as: "v2")
      try client.push(referrer, to: "team/app")
      try client.push(new, to: "other", as: "v1")
      client.close()
      if !running { try node.stop() }
      self.node = running ? node : nil
    }

    func shoal(_ arguments: String...) throws -> ShoalCommand { try ShoalCommand(arguments + ["--data", data]) }

    /// What a client gets: from the node that runs, or from one for the moment.
    func get(_ target: String) throws -> HTTPAnswer {
      if let node { return try node.ask("GET", target) }
      let node = try ShoalNode(in: folder)
      let answer = try node.ask("GET", target)
      try node.stop()
      return answer
    }
  }

  struct Repository: Decodable, Equatable {
    let repository: String
    let tags: Int
    let manifests: Int
  }

  struct TagLine: Decodable {
    let tag: String
    let digest: String
  }

  struct Inspected: Decodable {
    struct Entry: Decodable {
      let digest: String
      let isPresent: Bool
    }

    let digest: String
    let tags: [String]
    let blobs: [Entry]
  }

  struct Event: Decodable {
    let digest: String?
    let isPresent: Bool
  }

  // MARK: - image

  @Test(arguments: [true, false])
  func imagesAreListedAndInspected(running: Bool) throws {
    let scene = try Scene(running: running)
    let list = try scene.shoal("image", "ls", "--json")
    #expect(list.code == 0)
    let repositories = try list.json([Repository].self)
    #expect(
      repositories == [
        Repository(repository: "other", tags: 1, manifests: 1),
        Repository(repository: "team/app", tags: 2, manifests: 3),
      ])
    let people = try scene.shoal("image", "ls")
    #expect(people.output.contains("REPOSITORY") && people.output.contains("team/app"))
    #expect(!people.output.contains("\u{1b}"), "colours where there is no terminal")

    let tags = try scene.shoal("image", "tags", "team/app", "--json").json([TagLine].self)
    #expect(tags.map(\.tag) == ["latest", "v2"])
    #expect(tags.map(\.digest) == [scene.new.manifest.digest, scene.new.manifest.digest])

    for reference in ["team/app:latest", "team/app@\(scene.new.manifest.digest)"] {
      let image = try scene.shoal("image", "inspect", reference, "--json").json(Inspected.self)
      #expect(image.digest == scene.new.manifest.digest)
      #expect(image.tags == ["latest", "v2"])
      #expect(Set(image.blobs.map(\.digest)) == Set(scene.new.blobs.map(\.digest)))
      #expect(image.blobs.allSatisfy { $0.isPresent })
    }
  }

  @Test(arguments: [true, false])
  func imagesAreRemoved(running: Bool) throws {
    let scene = try Scene(running: running)
    #expect(try scene.shoal("image", "rm", "team/app:v2").code == 0)
    #expect(try scene.get("/v2/team/app/manifests/v2").status == 404)
    #expect(try scene.get("/v2/team/app/manifests/latest").body == scene.new.manifest.bytes)
    #expect(try scene.shoal("image", "rm", "team/app@\(scene.new.manifest.digest)", "--json").code == 0)
    #expect(try scene.get("/v2/team/app/manifests/latest").status == 404)
    #expect(try scene.get("/v2/other/manifests/v1").body == scene.new.manifest.bytes)
    #expect(try scene.shoal("image", "rm", "team/app:v2").code == 1)
  }

  // MARK: - tag

  @Test(arguments: [true, false])
  func tagsGoBack(running: Bool) throws {
    let scene = try Scene(running: running)
    let history = try scene.shoal("tag", "history", "team/app:latest", "--json").json([Event].self)
    #expect(history.map(\.digest) == [scene.new.manifest.digest, scene.old.manifest.digest])
    #expect(history.allSatisfy { $0.isPresent })
    #expect(try scene.shoal("tag", "rollback", "team/app:latest").code == 0)
    #expect(try scene.get("/v2/team/app/manifests/latest").body == scene.old.manifest.bytes)
    let forward = try scene.shoal("tag", "rollback", "team/app:latest", "--to", scene.new.manifest.digest)
    #expect(forward.code == 0)
    #expect(try scene.get("/v2/team/app/manifests/latest").body == scene.new.manifest.bytes)
    #expect(try scene.shoal("tag", "rollback", "team/app:v2").code == 1)
  }

  // MARK: - Codes

  @Test(arguments: [true, false])
  func whatIsNotThereIsCode1WithAReason(running: Bool) throws {
    let scene = try Scene(running: running)
    for arguments in [
      ["image", "inspect", "team/app:none"], ["image", "tags", "nowhere"], ["tag", "history", "team/app:none"],
      ["image", "rm", "nowhere:x"], ["tag", "rollback", "nowhere:x"],
    ] {
      let command = try ShoalCommand(arguments + ["--data", scene.data])
      #expect(command.code == 1, "\(arguments)")
      #expect(!command.errors.isEmpty)
      #expect(command.output.isEmpty)
    }
  }

  @Test(arguments: [
    ["nonsense"], ["image"], ["image", "nonsense"], ["image", "inspect"], ["image", "inspect", "UPPER:x"],
    ["image", "inspect", "localhost:5000/a:b/c"], ["image", "ls", "--nonsense"], ["tag", "rollback", "a@sha256:abc"],
    ["serve", "--listen"], [],
  ])
  func wrongLineIsCode2WithAdvice(arguments: [String]) throws {
    let command = try ShoalCommand(arguments)
    #expect(command.code == 2)
    #expect(!command.errors.isEmpty)
    #expect(command.output.isEmpty)
  }

  @Test func folderThatIsNotThereIsCode3() throws {
    let folder = try TemporaryFolder()
    for arguments in [["image", "ls"], ["blob", "verify"], ["catalog", "rebuild"]] {
      let command = try ShoalCommand(arguments + ["--data", folder("none")])
      #expect(command.code == 3)
      #expect(command.errors.contains("there is no data folder"))
    }
    #expect(TemporaryFolder.names(in: folder.path).isEmpty)
  }

  @Test func wrongConfigurationIsCode4() throws {
    let folder = try TemporaryFolder()
    try write(Array("dta: x\n".utf8), to: folder("shoal.yaml"))
    let command = try ShoalCommand(["image", "ls", "--config", folder("shoal.yaml")])
    #expect(command.code == 4)
    #expect(command.errors.contains("data"))
  }

  @Test(arguments: [["--help"], ["help"], ["help", "serve"], ["image", "ls", "--help"], ["version"]])
  func helpAndVersionAreCode0(arguments: [String]) throws {
    let command = try ShoalCommand(arguments)
    #expect(command.code == 0)
    #expect(!command.output.isEmpty)
    #expect(command.errors.isEmpty)
  }

  /// A socket that a killed node left behind is nobody's.
  @Test func commandAfterAKillOpensTheFolderItself() throws {
    let scene = try Scene(running: true)
    try scene.node?.kill()
    #expect(access(scene.data + "/control.sock", F_OK) == 0)
    #expect(try scene.shoal("image", "ls").code == 0)
  }

  @Test func manyCommandsAtOnceNeverShareAFolder() throws {
    let scene = try Scene(running: false)
    let processes = try (0..<6).map { _ in
      try ChildProcess([ShoalBinary.path, "image", "ls", "--data", scene.data])
    }
    for process in processes {
      // Whoever comes second asks the first, or is told that the folder is in use.
      let end = try process.wait()
      #expect(end == .exit(0) || end == .exit(3), "\(process.errors.text)")
    }
    #expect(try scene.shoal("image", "ls").code == 0)
  }
}
