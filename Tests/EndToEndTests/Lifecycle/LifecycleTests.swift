import BlockingBodies
import Glibc
import Testing

/// A node from its start to its end.
@Suite(.blocking)
struct LifecycleTests {
  private static let large: Blob = {
    var random = SeededRandom(seed: 11)
    return Blob(random.bytes(32 << 20))
  }()

  /// What runs may go on for long, however slow the machine is.
  private static let patient = ["timeouts.shutdown": "2m"]

  // MARK: - One at a time

  @Test func secondNodeOnAFolderIsRefusedWithTheFirstsPid() throws {
    try withNode { node in
      let second = try ShoalNode.launch(node.data)
      #expect(try second.wait() == .exit(3))
      #expect(second.errors.complete().contains("process \(node.pid) uses this data folder"))
      try node.connect().checkService()
    }
  }

  // MARK: - The end

  @Test func firstSignalLetsADownloadAndAnUploadFinish() throws {
    try withNode(settings: Self.patient) { node in
      let client = try node.connect()
      try client.push(Self.large, to: "a")
      let download = try node.connect()
      try download.sendHead("GET", "/v2/a/blobs/\(Self.large.digest)")
      #expect(try download.head().status == 200)
      let uploaded = Blob("half before, half after")
      let upload = try node.connect()
      try upload.sendHead("POST", "/v2/a/blobs/uploads/?digest=\(uploaded.digest)", length: uploaded.bytes.count)
      try upload.send(Array(uploaded.bytes[..<10]))
      #expect(eventually { !node.stagedUploads.isEmpty })
      node.process.signal(SIGTERM)
      #expect(node.process.errors.line { $0.contains("\"stopping\"") } != nil)
      #expect(eventually { (try? node.connect()) == nil })
      #expect(try download.bytes(Self.large.bytes.count) == Self.large.bytes)
      try upload.send(Array(uploaded.bytes[10...]))
      #expect(try upload.answer().status == 201)
      for connection in [client, download, upload] { connection.close() }
      #expect(try node.process.wait() == .exit(0))
      let again = try ShoalNode(in: node.folder)
      #expect(try again.ask("GET", "/v2/a/blobs/\(uploaded.digest)").body == uploaded.bytes)
      try again.kill()
    }
  }

  @Test func secondSignalEndsAtOnce() throws {
    try withNode(settings: Self.patient) { node in
      let client = try node.connect()
      try client.push(Self.large, to: "a")
      let download = try node.connect()
      try download.sendHead("GET", "/v2/a/blobs/\(Self.large.digest)")
      #expect(try download.head().status == 200)
      node.process.signal(SIGTERM)
      #expect(node.process.errors.line { $0.contains("\"stopping\"") } != nil)
      #expect(node.process.ending(within: .milliseconds(300)) == nil)
      let begin = ContinuousClock.now
      node.process.signal(SIGTERM)
      #expect(try node.process.wait() == .exit(0))
      #expect(ContinuousClock.now - begin < .seconds(60))
      // What was cut off is not taken for whole.
      #expect(throws: Trouble.self) { _ = try download.bytes(Self.large.bytes.count) }
    }
  }

  @Test func nodeThatStopsSaysSoToThoseWhoAsk() throws {
    try withNode(settings: Self.patient) { node in
      let upload = try node.connect()
      try upload.sendHead("POST", "/v2/a/blobs/uploads/?digest=\(Blob("x").digest)", length: 1)
      let asking = try node.connect()
      // A request whose head has begun is one that runs.
      #expect(try asking.get("/readyz").status == 200)
      #expect(eventually { !node.stagedUploads.isEmpty })
      node.process.signal(SIGTERM)
      #expect(try asking.isClosedByServer())
      try upload.send("x")
      let answer = try upload.answer()
      #expect(answer.status == 201)
      #expect(answer["Connection"]?.lowercased() == "close")
      upload.close()
      #expect(try node.process.wait() == .exit(0))
    }
  }

  /// A refused client that keeps its socket open has nothing left to be waited for.
  @Test func clientThatDoesNotCloseDoesNotDelayTheEnd() throws {
    try withNode { node in
      let refused = try node.connect()
      try refused.send("nonsense\r\n\r\n")
      #expect(try refused.head().status == 400)
      node.process.signal(SIGTERM)
      #expect(node.process.ending(within: .seconds(60)) == .exit(0))
      refused.close()
      #expect(try node.process.wait() == .exit(0))
    }
  }

  // MARK: - Uploads survive

  @Test(arguments: [SIGTERM, SIGKILL], ["sha256", "sha512"])
  func uploadGoesOnAtItsOffsetAfterARestart(signal: Int32, algorithm: String) throws {
    var random = SeededRandom(seed: 12)
    let blob = Blob(random.bytes(3_000_001), algorithm == "sha256" ? .sha256 : .sha512)
    let folder = try TemporaryFolder()
    let node = try ShoalNode(in: folder)
    let begun = try node.ask("POST", "/v2/a/blobs/uploads/?digest-algorithm=\(algorithm)")
    let location = try begun.location
    let first = try node.ask("PATCH", location, [("Content-Range", "0-1999999")], body: Array(blob.bytes[..<2_000_000]))
    #expect(first.status == 202)
    node.process.signal(signal)
    try node.process.wait()
    let again = try ShoalNode(in: folder)
    let client = try again.connect()
    let status = try client.get(location)
    #expect(status.status == 204)
    #expect(status["Range"] == "0-1999999")
    let early = try client.ask("PATCH", location, [("Content-Range", "0-9")], body: [UInt8](repeating: 0, count: 10))
    #expect(early.status == 416)
    let end = try client.ask("PUT", "\(location)?digest=\(blob.digest)", body: Array(blob.bytes[2_000_000...]))
    #expect(end.status == 201)
    #expect(try client.get("/v2/a/blobs/\(blob.digest)").body == blob.bytes)
    #expect(again.stagedUploads.isEmpty)
    try again.kill()
  }

  @Test func everythingIsThereAfterARestart() throws {
    let folder = try TemporaryFolder()
    let node = try ShoalNode(in: folder)
    let image = TestImage("lasting")
    let referrer = TestImage("about it").about(image.manifest)
    try node.connect().push(image, to: "a/b", as: "v1")
    try node.connect().push(referrer, to: "a/b")
    #expect(try node.stop() == .exit(0))
    let again = try ShoalNode(in: folder)
    let client = try again.connect()
    #expect(try client.get("/v2/a/b/manifests/v1").body == image.manifest.bytes)
    for blob in image.blobs { #expect(try client.get("/v2/a/b/blobs/\(blob.digest)").body == blob.bytes) }
    #expect(try client.get("/v2/_catalog").text.contains("\"a/b\""))
    #expect(try client.get("/v2/a/b/referrers/\(image.manifest.digest)").text.contains(referrer.manifest.digest))
    #expect(try again.stop() == .exit(0))
  }
}
