import BlockingBodies
import Glibc
import Testing

/// One policy for all nodes, with real processes.
@Suite(.serialized, .blocking)
struct PolicyTests {
  private struct Policy: Decodable {
    struct Rules: Decodable {
      let immutable: [String]
      let historyEntries: Int
    }

    let number: Int64?
    let issuer: String?
    let text: String
    let rules: Rules
  }

  private static func shoal(_ node: ShoalNode, _ words: String...) throws -> ShoalCommand {
    try ShoalCommand(words + ["--data", node.data])
  }

  private static func set(_ text: String, on node: ShoalNode, _ more: String...) throws -> ShoalCommand {
    let file = node.folder("policy.yaml")
    try write(Array(text.utf8), to: file)
    return try ShoalCommand(["fleet", "policy", "set", file, "--data", node.data] + more)
  }

  private static func put(
    _ image: TestImage, _ repository: String, _ tag: String, on node: ShoalNode
  ) throws -> HTTPAnswer {
    let connection = try node.connect()
    for blob in image.blobs { try connection.push(blob, to: repository) }
    return try connection.ask(
      "PUT", "/v2/\(repository)/manifests/\(tag)", [("Content-Type", MediaTypes.manifest)], body: image.manifest.bytes)
  }

  /// Until the node knows the policy.
  private static func knows(_ number: Int64, _ node: ShoalNode) throws -> Bool {
    try eventually(within: .seconds(60)) {
      try shoal(node, "fleet", "policy", "show", "--json").json(Policy.self).number == number
    }
  }

  @Test func anImmutableTagIsMovedOnNoNode() throws {
    let fleet = try SmallFleet("a", "b")
    let (first, second) = (TestImage("first"), TestImage("second"))
    #expect(try Self.put(first, "releases/app", "1", on: fleet["b"]).status == 201)
    #expect(try fleet["a"].answers(200, to: "/v2/releases/app/manifests/1"))
    let text = "# what is released stays\nimmutable: releases/**\nhistory:\n  entries: 5\n"
    let command = try Self.set(text, on: fleet["a"], "--json")
    let policy = try command.json(Policy.self)
    #expect(policy.rules.immutable == ["releases/**"] && policy.rules.historyEntries == 5 && policy.issuer == "a")
    let number = try #require(policy.number)
    for name in ["a", "b"] {
      #expect(try Self.knows(number, fleet[name]))
      #expect(try Self.shoal(fleet[name], "fleet", "policy", "show").output == text)
      let moved = try Self.put(second, "releases/app", "1", on: fleet[name])
      #expect(moved.status == 403 && moved.errorCodes == ["DENIED"] && moved.text.contains("immutable"), "\(moved)")
      #expect(try Self.put(first, "releases/app", "1", on: fleet[name]).status == 201, "the same again moves nothing")
      #expect(try fleet[name].ask("DELETE", "/v2/releases/app/manifests/1").status == 403)
      #expect(try fleet[name].ask("GET", "/v2/releases/app/manifests/1").body == first.manifest.bytes)
      #expect(try Self.put(second, "releases/app", "2-on-\(name)", on: fleet[name]).status == 201)
      #expect(try Self.put(second, "team/app", "1", on: fleet[name]).status == 201)
      #expect(try Self.put(first, "team/app", "1", on: fleet[name]).status == 201, "other tags move")
    }
  }

  @Test func whoIsNoWriterIsToldSoAndWhatItWroteDoesNotCount() throws {
    let fleet = try SmallFleet("a", "b")
    let image = TestImage("of ci")
    #expect(try Self.put(image, "ci/app", "by-b", on: fleet["b"]).status == 201)
    #expect(try fleet["a"].answers(200, to: "/v2/ci/app/manifests/by-b"))
    let set = try Self.set("writers:\n  - repositories: ci/**\n    nodes: a\n", on: fleet["a"])
    #expect(set.code == 0 && set.errors.contains("does not count any more"), "\(set.errors)")
    for name in ["a", "b"] { #expect(try fleet[name].answers(404, to: "/v2/ci/app/manifests/by-b")) }
    let refused = try Self.put(image, "ci/app", "by-b", on: fleet["b"])
    #expect(refused.status == 403 && refused.errorCodes == ["DENIED"], "\(refused)")
    #expect(refused.text.contains("push to a"), "\(refused)")
    #expect(try Self.put(image, "ci/app", "by-a", on: fleet["a"]).status == 201)
    #expect(try fleet["b"].answers(200, to: "/v2/ci/app/manifests/by-a"))
    #expect(try fleet["b"].ask("DELETE", "/v2/ci/app/manifests/by-a").status == 403)
    #expect(try Self.put(image, "team/app", "by-b", on: fleet["b"]).status == 201)
    // It holds after a restart, too.
    try fleet["b"].kill()
    try fleet.start("b")
    #expect(try eventually { try Self.put(image, "ci/app", "by-b", on: fleet["b"]).status == 403 })
  }

  @Test func whatIsWrongIsSaidWithItsLineAndChangesNothing() throws {
    let fleet = try SmallFleet("a", "b")
    let cases: [(String, String)] = [
      ("immutable: x\nimutable: y\n", "line 2: imutable: there is no such key: did you mean 'immutable'?"),
      ("history:\n  days: many\n", "line 2: history.days: write a number from 0 to 3650"),
      ("writers:\n  - repositories: ci/*\n    nodes:\n      - nobody\n", "line 4: writers[0].nodes[0]: no member"),
      ("immutable: [a\n", "line "), ("- a\n", "a policy is a mapping of keys"),
      ("immutable: &x a\n", "line 1: an anchor"),
    ]
    for (text, said) in cases {
      let command = try Self.set(text, on: fleet["a"])
      #expect(command.code == 1 && command.errors.contains(said), "\(text): \(command.errors)")
    }
    let other = try Self.set("immutable: x\n", on: fleet["b"])
    #expect(other.code == 1 && other.errors.contains("set the policy on a"), "\(other.errors)")
    let shown = try Self.shoal(fleet["a"], "fleet", "policy", "show")
    #expect(shown.code == 0 && shown.output.isEmpty && shown.errors.contains("no policy is set"))
  }

  @Test func aPolicyThatSaysNothingTakesBackNoRuleUnasked() throws {
    let fleet = try SmallFleet("a")
    #expect(try Self.set("# nothing yet\n", on: fleet["a"]).code == 0, "there is nothing to take back")
    let text = "immutable: releases/**\nwriters:\n  - repositories: ci/**\n    nodes: a\n"
    #expect(try Self.set(text, on: fleet["a"]).code == 0)
    for nothing in ["", "{}\n", "# all of it later\n", "immutable: []\n"] {
      let refused = try Self.set(nothing, on: fleet["a"])
      #expect(refused.code == 1 && refused.errors.contains("(writers, immutable)"), "\(nothing): \(refused.errors)")
      #expect(refused.errors.contains("--force"), "\(refused.errors)")
      #expect(try Self.shoal(fleet["a"], "fleet", "policy", "show").output == text)
    }
    #expect(try Self.set("history: {entries: 5}\n", on: fleet["a"]).code == 0, "that says something")
    #expect(try Self.set("", on: fleet["a"], "--force").code == 0)
    #expect(try Self.set("", on: fleet["a"]).code == 0)
  }

  @Test func tagsThatBecomeImmutableKeepWhatTheyNameAndWhatWasDeletedStaysSo() throws {
    let fleet = try SmallFleet("a")
    let (first, second) = (TestImage("first"), TestImage("second"))
    for image in [first, second] { #expect(try Self.put(image, "team/app", "1", on: fleet["a"]).status == 201) }
    #expect(try Self.put(first, "team/app", "gone", on: fleet["a"]).status == 201)
    #expect(try fleet["a"].ask("DELETE", "/v2/team/app/manifests/gone").status == 202)
    #expect(try Self.set("immutable: team/*\n", on: fleet["a"]).code == 0)
    #expect(try eventually { try Self.put(first, "team/app", "1", on: fleet["a"]).status == 403 })
    #expect(try fleet["a"].ask("GET", "/v2/team/app/manifests/1").body == second.manifest.bytes)
    #expect(try fleet["a"].ask("GET", "/v2/team/app/manifests/gone").status == 404)
    #expect(try Self.put(second, "team/app", "gone", on: fleet["a"]).status == 201, "a name that is free")
    #expect(try Self.put(first, "team/app", "gone", on: fleet["a"]).status == 403)
  }
}
