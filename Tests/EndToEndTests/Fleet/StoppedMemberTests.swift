import BlockingBodies
import Glibc
import Testing

/// Commands on the folder of a member that does not run.
@Suite(.serialized, .blocking)
struct StoppedMemberTests {
  @Test func aMemberThatDoesNotRunChangesNoNames() throws {
    let fleet = try SmallFleet("a", "b")
    let (old, new) = (TestImage("old"), TestImage("new"))
    for image in [old, new] { try fleet["b"].connect().push(image, to: "team/app", as: "1") }
    let data = fleet["b"].data
    #expect(try fleet["b"].stop() == .exit(0))
    let commands = [
      ["image", "rm", "team/app:1"], ["image", "rm", "team/app@\(new.manifest.digest)"],
      ["tag", "rollback", "team/app:1"],
    ]
    for words in commands {
      let command = try ShoalCommand(words + ["--data", data])
      #expect(command.code == 1 && command.errors.contains("start it with: shoal serve"), "\(command.errors)")
    }
    for words in [["image", "ls"], ["image", "tags", "team/app"], ["tag", "history", "team/app:1"]] {
      #expect(try ShoalCommand(words + ["--data", data]).code == 0)
    }
    try fleet.start("b")
    #expect(try fleet["b"].ask("GET", "/v2/team/app/manifests/1").body == new.manifest.bytes)
    #expect(try ShoalCommand(["tag", "rollback", "team/app:1", "--data", data]).code == 0)
    #expect(
      try eventually { try fleet["a"].ask("GET", "/v2/team/app/manifests/1").body == old.manifest.bytes })
  }
}

extension StoppedMemberTests {
  private struct Rebuilt: Decodable {
    let manifests: Int
    let tags: Int
    let linkedOnly: Bool
  }

  private static func damage(_ data: String) throws {
    for name in TemporaryFolder.names(in: data) where name.hasPrefix("catalog.sqlite-") { unlink("\(data)/\(name)") }
    try write([UInt8](repeating: 0x5a, count: 50_000), to: data + "/catalog.sqlite")
  }

  /// What the others have deleted and moved since does not come back by a rebuild.
  @Test(arguments: [true, false]) func aRebuiltCatalogueOfAMemberNamesNothingByItself(isReadable: Bool) throws {
    let fleet = try SmallFleet("a", "b")
    let (old, new) = (TestImage("old"), TestImage("new"))
    for tag in ["moved", "deleted"] { try fleet["b"].connect().push(old, to: "team/app", as: tag) }
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/deleted"))
    let (data, port) = (fleet["b"].data, try fleet["b"].fleetPort())
    #expect(try fleet["b"].stop() == .exit(0))
    try fleet["a"].connect().push(new, to: "team/app", as: "moved")
    #expect(try fleet["a"].ask("DELETE", "/v2/team/app/manifests/deleted").status == 202)
    if !isReadable { try Self.damage(data) }
    let command = try ShoalCommand(["catalog", "rebuild", "--json", "--data", data])
    let rebuilt = try command.json(Rebuilt.self)
    #expect(rebuilt.linkedOnly && rebuilt.manifests == 1 && rebuilt.tags == 0)

    try fleet.start("b", fleetPort: port)
    if !isReadable { try fleet.join("b", by: try fleet.invite("a")) }
    #expect(
      try eventually { try fleet["b"].ask("GET", "/v2/team/app/manifests/moved").body == new.manifest.bytes })
    #expect(try fleet["b"].answers(404, to: "/v2/team/app/manifests/deleted"))
    #expect(try fleet["b"].ask("GET", "/v2/team/app/manifests/\(old.manifest.digest)").body == old.manifest.bytes)
    #expect(try fleet["a"].ask("GET", "/v2/team/app/manifests/moved").body == new.manifest.bytes)
    #expect(try fleet["a"].ask("GET", "/v2/team/app/manifests/deleted").status == 404)
    try fleet["b"].connect().push(TestImage("later"), to: "team/app", as: "later")
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/later"))
  }

  @Test func theOnlyMemberNamesItsImagesAnew() throws {
    let fleet = try SmallFleet("a")
    let image = TestImage("of one")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    let data = fleet["a"].data
    #expect(try fleet["a"].stop() == .exit(0))
    let rebuilt = try ShoalCommand(["catalog", "rebuild", "--json", "--data", data]).json(Rebuilt.self)
    #expect(!rebuilt.linkedOnly && rebuilt.tags == 1)
    try fleet.start("a")
    #expect(try fleet["a"].answers(200, to: "/v2/team/app/manifests/1"))
    try fleet.start("b")
    try fleet.join("b", by: try fleet.invite("a"))
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
  }
}
