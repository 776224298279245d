import BlockingBodies
import Glibc
import Testing

/// A member that is put out, with real processes.
@Suite(.serialized, .blocking)
struct RemovalTests {
  private struct Removal: Decodable {
    let node: String
    let name: String
    let wasIssuer: Bool
    let members: Int
  }

  struct Listing: Decodable {
    struct Member: Decodable {
      let node: String
      let name: String
    }

    let node: String
    let refusesWrites: String?
    let members: [Member]
  }

  private static func shoal(_ node: ShoalNode, _ words: String...) throws -> ShoalCommand {
    try ShoalCommand(words + ["--data", node.data])
  }

  private static func listing(_ node: ShoalNode) throws -> Listing {
    try shoal(node, "fleet", "ls", "--json").json(Listing.self)
  }

  private static func put(_ image: TestImage, _ tag: String, on node: ShoalNode) throws -> HTTPAnswer {
    let connection = try node.connect()
    for blob in image.blobs { try connection.push(blob, to: "team/app") }
    return try connection.ask(
      "PUT", "/v2/team/app/manifests/\(tag)", [("Content-Type", MediaTypes.manifest)], body: image.manifest.bytes)
  }

  /// Asks a member's fleet port with the papers of another node.
  private static func status(_ path: String, of node: ShoalNode, as other: ShoalNode) throws -> String {
    let process = try ChildProcess([
      "curl", "-sk", "--cert", "\(other.data)/fleet/node.crt", "--key", "\(other.data)/node.key", "-o", "/dev/null",
      "-w", "%{http_code}", "https://127.0.0.1:\(try node.fleetPort())\(path)",
    ])
    try process.wait()
    return process.output.complete()
  }

  /// One that takes minutes to be asked.
  private static func slowQuestion(of node: ShoalNode, as other: ShoalNode) throws -> ChildProcess {
    let question = other.folder("question")
    try write([UInt8](repeating: 0, count: 3 << 20), to: question)
    let process = try ChildProcess([
      "curl", "-skv", "--cert", "\(other.data)/fleet/node.crt", "--key", "\(other.data)/node.key", "-o", "/dev/null",
      "--limit-rate", "16k", "--data-binary", "@\(question)", "-H", "Expect:",
      "https://127.0.0.1:\(try node.fleetPort())/fleet/v1/message",
    ])
    guard process.errors.line(where: { $0.contains("> POST") }) != nil else { throw Trouble("nothing was asked") }
    return process
  }

  @Test func whoIsRemovedIsCutOffAndTurnedAwayWithinSeconds() throws {
    let fleet = try SmallFleet("a", "b", "c")
    let image = TestImage("everybody's")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    let blob = "/fleet/v1/blob/\(image.layers[0].digest)/team/app"
    #expect(try Self.status(blob, of: fleet["a"], as: fleet["b"]) == "200")
    #expect(try eventually { try Self.listing(fleet["c"]).members.count == 3 })
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    let open = try ["a", "c"].map { try Self.slowQuestion(of: fleet[$0], as: fleet["b"]) }
    for process in open { #expect(!process.hasEnded) }

    let removal = try Self.shoal(fleet["a"], "fleet", "remove", "b", "--json").json(Removal.self)
    #expect(removal.name == "b" && !removal.wasIssuer && removal.members == 2)
    for process in open { #expect(process.ending(within: .seconds(60)) != nil, "a connection stays open") }
    for name in ["a", "c"] {
      #expect(try eventually { try Self.listing(fleet[name]).members.count == 2 })
      #expect(try Self.status(blob, of: fleet[name], as: fleet["b"]) == "404")
    }
    #expect(
      try eventually { try Self.listing(fleet["b"]).refusesWrites?.contains("removed") == true })
    let refused = try Self.put(TestImage("too late"), "2", on: fleet["b"])
    #expect(refused.status == 503 && refused["Retry-After"] != nil && refused.text.contains("by a"), "\(refused)")
    #expect(try fleet["b"].ask("GET", "/v2/team/app/manifests/1").status == 200)
    let invite = try Self.shoal(fleet["b"], "fleet", "invite")
    #expect(invite.code == 1 && invite.errors.contains("removed"), "\(invite.errors)")
  }

  @Test func whoWasPutOutDoesNotComeBackByTheInvitationThatItCameWith() throws {
    let fleet = try SmallFleet("a")
    try fleet.start("b")
    let token = try fleet.invite("a")
    try fleet.join("b", by: token)
    #expect(try Self.shoal(fleet["a"], "fleet", "remove", "b").code == 0)
    #expect(
      try eventually { try Self.listing(fleet["b"]).refusesWrites?.contains("removed") == true })
    let again = try Self.shoal(fleet["b"], "fleet", "join", token)
    #expect(again.code == 1 && again.errors.contains("not valid"), "\(again.errors)")
    #expect(try Self.listing(fleet["a"]).members.count == 1)
    try fleet.join("b", by: try fleet.invite("a"))
    #expect(try Self.listing(fleet["a"]).members.count == 2)
  }

  /// Its later words count nowhere, and what it said before does.
  @Test func whatARemovedNodeWroteWhileNobodyHeardItCountsNowhereAndItMayComeBack() throws {
    let fleet = try SmallFleet("a", "b")
    #expect(try Self.put(TestImage("early"), "early", on: fleet["b"]).status == 201)
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/early"))
    let port = try fleet["a"].fleetPort()
    try fleet["a"].kill()
    #expect(try Self.put(TestImage("late"), "late", on: fleet["b"]).status == 201)
    try fleet["b"].kill()
    // Who was removed finds the others where they were.
    try fleet.start("a", fleetPort: port)
    #expect(try Self.shoal(fleet["a"], "fleet", "remove", "b").code == 0)
    try fleet.start("b")
    #expect(
      try eventually { try Self.listing(fleet["b"]).refusesWrites?.contains("removed") == true })
    #expect(try fleet["b"].answers(404, to: "/v2/team/app/manifests/late"))
    #expect(try fleet["b"].ask("GET", "/v2/team/app/manifests/early").status == 200)
    #expect(try fleet["a"].ask("GET", "/v2/team/app/manifests/early").status == 200)

    let before = try Self.shoal(fleet["b"], "fleet", "init")
    #expect(before.code == 1 && before.errors.contains("fleet join"), "\(before.errors)")
    let back = try Self.shoal(fleet["b"], "fleet", "join", try fleet.invite("a"))
    #expect(back.code == 0 && back.output.contains("joined"), "\(back.errors)")
    #expect(back.errors.contains("2 later changes"), "\(back.errors)")
    #expect(try eventually { try Self.put(TestImage("again"), "again", on: fleet["b"]).status == 201 })
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/again"))
    #expect(try Self.put(TestImage("from a"), "from-a", on: fleet["a"]).status == 201)
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/from-a"))
    for name in ["a", "b"] {
      #expect(try fleet[name].ask("GET", "/v2/team/app/manifests/early").status == 200)
      #expect(try fleet[name].ask("GET", "/v2/team/app/manifests/late").status == 404)
      #expect(try Self.listing(fleet[name]).refusesWrites == nil)
    }
    try fleet["b"].kill()
    try fleet.start("b")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/again"))
  }

  @Test func whatCannotBeRemovedIsRefusedWithWhatToDo() throws {
    let fleet = try SmallFleet("a", "b")
    let (a, b) = (try Self.listing(fleet["a"]).node, try Self.listing(fleet["b"]).node)
    func refusal(_ node: ShoalNode, _ name: String) throws -> String {
      let command = try Self.shoal(node, "fleet", "remove", name)
      #expect(command.code == 1, "\(name) was removed")
      return command.errors
    }
    #expect(try refusal(fleet["a"], "nobody").contains("no member is called 'nobody'"))
    #expect(try refusal(fleet["a"], String(b.prefix(3))).contains("no member is called"))
    #expect(try refusal(fleet["a"], "a").contains("fleet promote"))
    #expect(try refusal(fleet["a"], a).contains("does not remove itself"))
    #expect(try refusal(fleet["b"], "a").contains("remove it on a"))
    try fleet.start("d", called: "b")
    try fleet.join("d", by: try fleet.invite("a"))
    let ambiguous = try refusal(fleet["a"], "b")
    #expect(ambiguous.contains("means 2 members") && ambiguous.contains(b.prefix(16)), "\(ambiguous)")
    #expect(try Self.shoal(fleet["a"], "fleet", "remove", String(b.prefix(8))).code == 0)
    #expect(try refusal(fleet["a"], String(b.prefix(8))).contains("was removed already"))
    #expect(try Self.shoal(fleet["a"], "fleet", "remove", "b").code == 0)
    #expect(try refusal(fleet["a"], "a").contains("fleet leave"))
  }
}
