import Glibc
import Testing

/// Commands on the folder of a member that does not run.
@Suite(.serialized)
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
