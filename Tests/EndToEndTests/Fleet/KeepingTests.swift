import BlockingBodies
import Glibc
import Testing

/// Images that are kept by as many members as the policy says, with real processes.
@Suite(.serialized, .blocking)
struct KeepingTests {
  private struct Image: Decodable {
    struct Keeping: Decodable {
      let replicas: Int
      let keepers: [String]
    }

    let keeping: Keeping?
  }

  private struct Fleet: Decodable {
    struct Keeping: Decodable {
      let images: Int
      let lacking: Int
    }

    let keeping: Keeping?
  }

  private static let target = "/v2/team/app/manifests/1"
  /// A keeper that is away for so long is replaced.
  private static let hasty = ["keep.patience": "10s"]

  private static func image(_ seed: UInt64) -> TestImage {
    print("seed \(seed)")
    var random = SeededRandom(seed: seed)
    return TestImage(layers: [Blob(random.bytes(3 << 20)), Blob(random.bytes(1000))])
  }

  private static func fleet(_ names: String..., settings: [String: String] = [:]) throws -> SmallFleet {
    let fleet = try SmallFleet()
    for name in names { try fleet.start(name, settings) }
    try fleet.found(names[0])
    for name in names.dropFirst() { try fleet.join(name, by: try fleet.invite(names[0])) }
    return fleet
  }

  /// On all of them.
  private static func set(_ replicas: Int, _ fleet: SmallFleet) throws {
    let text = "replicas:\n  - repositories: team/**\n    count: \(replicas)\n"
    let file = fleet.folder("policy.yaml")
    try write(Array(text.utf8), to: file)
    try SmallFleet.run(["fleet", "policy", "set", file, "--data", fleet["a"].data])
    for node in fleet.nodes.values {
      let knows = try eventually(within: .seconds(60)) {
        try ShoalCommand(["fleet", "policy", "show", "--data", node.data]).output == text
      }
      #expect(knows)
    }
  }

  private static func put(_ image: TestImage, on node: ShoalNode) throws -> HTTPAnswer {
    let connection = try node.connect()
    for blob in image.blobs { try connection.push(blob, to: "team/app") }
    return try connection.ask(
      "PUT", target, [("Content-Type", MediaTypes.manifest)], body: image.manifest.bytes)
  }

  /// Whether it lies on a node's disk: nobody is asked.
  private static func has(_ image: TestImage, _ node: ShoalNode) -> Bool {
    (image.blobs + [image.manifest]).allSatisfy { blob in
      let hex = String(blob.digest.split(separator: ":")[1])
      return access("\(node.data)/blobs/sha256/\(hex.prefix(2))/\(hex)", R_OK) == 0
    }
  }

  private static func checkPull(_ image: TestImage, from node: ShoalNode) throws {
    #expect(try node.answers(200, to: target))
    let connection = try node.connect()
    #expect(try connection.get(target).body == image.manifest.bytes)
    for blob in image.blobs {
      let answer = try connection.get("/v2/team/app/blobs/\(blob.digest)")
      #expect(answer.status == 200 && answer.body == blob.bytes, "\(answer.status) \(answer.text.prefix(300))")
    }
  }

  private static func keeping(_ node: ShoalNode) throws -> Image.Keeping? {
    let command = try ShoalCommand(["image", "inspect", "team/app:1", "--json", "--data", node.data])
    return command.code == 0 ? try command.json(Image.self).keeping : nil
  }

  private static func kept(_ node: ShoalNode) throws -> Fleet.Keeping? {
    try SmallFleet.run(["fleet", "ls", "--json", "--data", node.data]).json(Fleet.self).keeping
  }

  @Test func whatIsPushedIsWithAnotherByItselfAndOutlivesTheNodeThatWasPushedTo() throws {
    let fleet = try Self.fleet("a", "b", "c", settings: Self.hasty)
    try Self.set(2, fleet)
    let image = Self.image(61)
    #expect(try Self.put(image, on: fleet["a"]).status == 201)
    #expect(eventually { ["b", "c"].contains { Self.has(image, fleet[$0]) } })
    let keeper = Self.has(image, fleet["b"]) ? "b" : "c"
    let other = keeper == "b" ? "c" : "b"
    #expect(try eventually { try Self.keeping(fleet["a"])?.keepers == ["a", keeper] })
    #expect(try Self.keeping(fleet["a"])?.replicas == 2)
    let told = "this node keeps 1 image for the fleet, and has all of them"
    #expect(try eventually { try fleet.command("ls", at: keeper).output.contains(told) })
    let status = try ShoalCommand(["status", "--data", fleet[keeper].data])
    #expect(status.output.contains("keeps 1 image for the fleet"), "\(status.output)")
    for line in ["shoal_keep_images{state=\"whole\"} 1", "shoal_keep_brought_total 1"] {
      #expect(try eventually { try fleet[keeper].ask("GET", "/metrics").text.contains(line) }, "\(line)")
    }

    try fleet["a"].kill()
    // Nobody needs to ask for it: who is left takes the place of the one that is gone.
    #expect(eventually(within: .seconds(120)) { Self.has(image, fleet[other]) })
    try Self.checkPull(image, from: fleet[other])
    #expect(try eventually { try Self.keeping(fleet[other])?.keepers == ["b", "c"] })
  }

  @Test func whoHasNothingOfItPullsWhenTheNodeThatWasPushedToIsGone() throws {
    let fleet = try Self.fleet("a", "b", "c")
    try Self.set(2, fleet)
    let image = Self.image(62)
    #expect(try Self.put(image, on: fleet["a"]).status == 201)
    #expect(eventually { ["b", "c"].contains { Self.has(image, fleet[$0]) } })
    let other = Self.has(image, fleet["b"]) ? "c" : "b"
    try fleet["a"].kill()
    #expect(!Self.has(image, fleet[other]))
    try Self.checkPull(image, from: fleet[other])
  }

  @Test func aReplicatedPushIsAnsweredWhenOthersKeepItToo() throws {
    let fleet = try Self.fleet("a", "b", "c", settings: ["push.ack": "replicated"])
    try Self.set(3, fleet)
    let image = Self.image(63)
    #expect(try Self.put(image, on: fleet["a"]).status == 201)
    // At this moment, not soon.
    for name in ["a", "b", "c"] { #expect(Self.has(image, fleet[name]), "\(name)") }
    try fleet["a"].kill()
    for name in ["b", "c"] { try Self.checkPull(image, from: fleet[name]) }
  }

  @Test func aReplicatedPushSaysSoWhenNobodyElseIsThereAndIsTakenWhenTheyAre() throws {
    let fleet = try Self.fleet("a", "b", settings: ["push.ack": "replicated", "push.patience": "5s"])
    // One is enough by the policy that nobody has set.
    #expect(try Self.put(TestImage("one"), on: fleet["a"]).status == 201)
    try Self.set(2, fleet)
    try fleet["b"].kill()
    let image = Self.image(64)
    let refused = try Self.put(image, on: fleet["a"])
    #expect(refused.status == 503 && refused.errorCodes == ["UNAVAILABLE"], "\(refused)")
    #expect(refused.text.contains("only 1 of 2 nodes keep it so far") && refused["Retry-After"] == "1", "\(refused)")
    // It is there all the same.
    try Self.checkPull(image, from: fleet["a"])
    #expect(try eventually { try fleet["a"].ask("GET", "/metrics").text.contains("shoal_push_unconfirmed_total 1") })
    try fleet.start("b", ["push.ack": "replicated"])
    #expect(try eventually(within: .seconds(120)) { try Self.put(image, on: fleet["a"]).status == 201 })
    #expect(Self.has(image, fleet["b"]))
    #expect(try Self.put(image, on: fleet["a"]).status == 201, "once more, at once")
  }

  @Test func whatANodeKeepsItKeepsAfterARestartAndLetsGoWhenItIsDeleted() throws {
    let fleet = try Self.fleet("a", "b")
    try Self.set(2, fleet)
    let image = Self.image(65)
    #expect(try Self.put(image, on: fleet["a"]).status == 201)
    #expect(eventually { Self.has(image, fleet["b"]) })
    #expect(try eventually { try Self.kept(fleet["b"])?.lacking == 0 })
    try fleet["b"].kill()
    try fleet.start("b")
    #expect(try eventually { try Self.kept(fleet["b"])?.images == 1 })
    #expect(try fleet["a"].ask("DELETE", "/v2/team/app/manifests/\(image.manifest.digest)").status == 202)
    for name in ["a", "b"] { #expect(try eventually { try Self.kept(fleet[name])?.images == 0 }, "\(name)") }
    #expect(try Self.put(TestImage("another"), on: fleet["b"]).status == 201)
    #expect(try eventually { try Self.keeping(fleet["a"])?.keepers == ["a", "b"] })
  }

  /// An image of several platforms: the index, and each of its manifests by its own rank.
  @Test func anIndexIsAnsweredWhenItsManifestsAreKeptToo() throws {
    let fleet = try Self.fleet("a", "b", "c", settings: ["push.ack": "replicated"])
    try Self.set(3, fleet)
    let images = [Self.image(66), TestImage("other platform")]
    let connection = try fleet["b"].connect()
    for image in images {
      for blob in image.blobs { try connection.push(blob, to: "team/app") }
      let path = "/v2/team/app/manifests/\(image.manifest.digest)"
      let fields = [("Content-Type", MediaTypes.manifest)]
      #expect(try connection.ask("PUT", path, fields, body: image.manifest.bytes).status == 201)
    }
    let children = images.map { $0.manifest.descriptor(MediaTypes.manifest) }.joined(separator: ",")
    let type = "application/vnd.oci.image.index.v1+json"
    let index = Blob("{\"schemaVersion\":2,\"mediaType\":\"\(type)\",\"manifests\":[\(children)]}")
    #expect(try connection.ask("PUT", Self.target, [("Content-Type", type)], body: index.bytes).status == 201)
    try fleet["b"].kill()
    for name in ["a", "c"] {
      #expect(try fleet[name].ask("GET", Self.target).body == index.bytes)
      for image in images { #expect(Self.has(image, fleet[name]), "\(name)") }
    }
  }
}
