import BlockingBodies
import Glibc
import Testing

/// A node that leaves its fleet, with real processes.
@Suite(.serialized, .blocking)
struct LeavingTests {
  private static func image(_ seed: UInt64) -> TestImage {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    return TestImage(layers: [Blob(random.bytes(2 << 20)), Blob(random.bytes(1000))])
  }

  private static func shoal(_ node: ShoalNode, _ words: String...) throws -> ShoalCommand {
    try ShoalCommand(words + ["--data", node.data])
  }

  private static func status(_ tag: String, on node: ShoalNode) throws -> Int {
    try node.ask("GET", "/v2/team/app/manifests/\(tag)").status
  }

  private static func put(_ image: TestImage, _ tag: String, on node: ShoalNode) throws -> HTTPAnswer {
    let connection = try node.connect()
    for blob in image.blobs { try connection.push(blob, to: "team/app") }
    return try connection.ask(
      "PUT", "/v2/team/app/manifests/\(tag)", [("Content-Type", MediaTypes.manifest)], body: image.manifest.bytes)
  }

  private static func checkWhole(_ image: TestImage, _ tag: String, on node: ShoalNode) throws {
    let connection = try node.connect()
    #expect(try connection.get("/v2/team/app/manifests/\(tag)").body == image.manifest.bytes)
    for blob in image.blobs { #expect(try connection.get("/v2/team/app/blobs/\(blob.digest)").body == blob.bytes) }
  }

  @Test func whatTheLeaverAloneKeepsIsKeptByOthersFirstAndItKeepsWhatItHolds() throws {
    let fleet = try SmallFleet("a", "b")
    let (own, pulled, foreign, old) = (Self.image(31), Self.image(32), TestImage("never pulled"), TestImage("moved"))
    #expect(try Self.put(old, "moved", on: fleet["b"]).status == 201)
    #expect(try Self.put(own, "own", on: fleet["b"]).status == 201)
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/moved"))
    #expect(try Self.put(pulled, "pulled", on: fleet["a"]).status == 201)
    #expect(try Self.put(foreign, "foreign", on: fleet["a"]).status == 201)
    #expect(try Self.put(foreign, "moved", on: fleet["a"]).status == 201)
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/pulled"))
    try Self.checkWhole(pulled, "pulled", on: fleet["b"])
    #expect(
      try eventually {
        try fleet["b"].ask("HEAD", "/v2/team/app/manifests/moved")["Docker-Content-Digest"] == foreign.manifest.digest
      })

    let left = try Self.shoal(fleet["b"], "fleet", "leave")
    #expect(left.code == 0 && left.output.contains("in no fleet"), "\(left.output)\(left.errors)")
    #expect(try Self.shoal(fleet["b"], "fleet", "ls").code == 1)
    for name in ["ca.crt", "node.crt", "ca.key"] { #expect(access("\(fleet["b"].data)/fleet/\(name)", F_OK) != 0) }
    try Self.checkWhole(own, "own", on: fleet["b"])
    try Self.checkWhole(pulled, "pulled", on: fleet["b"])
    #expect(try Self.status("foreign", on: fleet["b"]) == 404)
    // It had said something else of this tag before another did: that does not come back.
    #expect(try Self.status("moved", on: fleet["b"]) == 404)
    #expect(try Self.put(TestImage("alone"), "alone", on: fleet["b"]).status == 201)
    try fleet["b"].kill()
    try Self.checkWhole(own, "own", on: fleet["a"])
    #expect(try Self.status("alone", on: fleet["a"]) == 404)
    try fleet.start("b")
    try Self.checkWhole(pulled, "pulled", on: fleet["b"])
    try fleet.join("b", by: try fleet.invite("a"))
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/alone"))
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/foreign"))
  }

  /// Neither counts on the other, so what both keep goes to the third.
  @Test func twoThatLeaveAtTheSameTimeLeaveNothingBehind() throws {
    let fleet = try SmallFleet("a", "b", "c")
    let image = Self.image(33)
    #expect(try Self.put(image, "both", on: fleet["b"]).status == 201)
    #expect(try fleet["c"].answers(200, to: "/v2/team/app/manifests/both"))
    try Self.checkWhole(image, "both", on: fleet["c"])
    let leaving = try ["b", "c"].map {
      try ChildProcess([ShoalBinary.path, "fleet", "leave", "--data", fleet[$0].data])
    }
    for process in leaving { #expect(try process.wait() == .exit(0), "\(process.errors.text)") }
    for name in ["b", "c"] { try fleet[name].kill() }
    try Self.checkWhole(image, "both", on: fleet["a"])
  }

  /// In a larger fleet few keep a manifest, and who keeps its layers need not be one of them.
  @Test func layersOfManifestsThatAreElsewhereAreHandedOverToo() throws {
    let names = "abcdefghij".map { "\($0)" }
    let fleet = try SmallFleet(names)
    let images = (0..<4).map { TestImage("layer \($0) of a larger fleet") }
    let (layers, manifests) = (try fleet["e"].connect(), try fleet["f"].connect())
    for (number, image) in images.enumerated() {
      for blob in image.blobs { try layers.push(blob, to: "team/app") }
      let fields = [("Content-Type", MediaTypes.manifest)]
      let target = "/v2/team/app/manifests/\(number)"
      #expect(try manifests.ask("PUT", target, fields, body: image.manifest.bytes).status == 201)
      #expect(try fleet["e"].answers(200, to: target))
    }
    let left = try Self.shoal(fleet["e"], "fleet", "leave")
    #expect(left.code == 0, "\(left.errors)")
    try fleet["e"].kill()
    for (number, image) in images.enumerated() { try Self.checkWhole(image, "\(number)", on: fleet["a"]) }
  }

  @Test func theLastWithTheKeyLeavesLast() throws {
    let fleet = try SmallFleet("a", "b")
    let refused = try Self.shoal(fleet["a"], "fleet", "leave", "--force")
    #expect(refused.code == 1 && refused.errors.contains("fleet promote"), "\(refused.errors)")
    #expect(try Self.shoal(fleet["b"], "fleet", "leave").code == 0)
    #expect(try Self.shoal(fleet["a"], "fleet", "leave").code == 0)
    // The recovery file of the fleet that was is not written over.
    let again = try Self.shoal(fleet["a"], "fleet", "init")
    #expect(again.code == 1 && again.errors.contains("it exists"), "\(again.errors)")
    let file = fleet.folder("second.recovery")
    #expect(try Self.shoal(fleet["a"], "fleet", "init", "--recovery-file", file).code == 0)
    try fleet.join("b", by: try fleet.invite("a"))
  }

  @Test func whoLeavesWaitsAndSaysForWhatAndMayBeForced() throws {
    let fleet = try SmallFleet("a", "b")
    let image = TestImage("b alone has it")
    #expect(try Self.put(image, "1", on: fleet["b"]).status == 201)
    try fleet["a"].kill()
    let waiting = try ChildProcess([ShoalBinary.path, "fleet", "leave", "--data", fleet["b"].data])
    #expect(waiting.errors.line { $0.contains(image.manifest.digest) } != nil, "\(waiting.errors.text)")
    let refused = try Self.put(image, "2", on: fleet["b"])
    #expect(refused.status == 503 && refused.text.contains("leaving"), "\(refused)")
    try waiting.kill()
    #expect(try eventually { try Self.put(image, "2", on: fleet["b"]).status == 201 })

    let forced = try Self.shoal(fleet["b"], "fleet", "leave", "--force")
    #expect(forced.code == 0, "\(forced.errors)")
    #expect(forced.output.contains("lost to the fleet: team/app@\(image.manifest.digest)"), "\(forced.output)")
    #expect(forced.errors.contains("fleet remove"), "\(forced.errors)")
    try Self.checkWhole(image, "1", on: fleet["b"])
  }

  @Test func whoWasRemovedIsMadeAloneByLeaving() throws {
    let fleet = try SmallFleet("a", "b")
    let image = TestImage("b's")
    #expect(try Self.put(image, "1", on: fleet["b"]).status == 201)
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/1"))
    #expect(try Self.shoal(fleet["a"], "fleet", "remove", "b").code == 0)
    #expect(try eventually { try Self.put(image, "2", on: fleet["b"]).status == 503 })
    #expect(try Self.shoal(fleet["b"], "fleet", "leave").code == 0)
    #expect(try Self.put(image, "2", on: fleet["b"]).status == 201)
    try Self.checkWhole(image, "1", on: fleet["b"])
    #expect(try Self.shoal(fleet["b"], "fleet", "init").code == 0)
  }
}
