import BlockingBodies
import Testing

/// What a member may ask only so often, with real processes.
@Suite(.serialized, .blocking)
struct PaceTests {
  /// With the key and certificate of a member; how often each status came, and what `Retry-After` said.
  private static func ask(
    _ path: String, times: Int, of node: ShoalNode, as member: ShoalNode
  ) throws -> (statuses: [String: Int], pauses: Set<String>) {
    let place = "https://127.0.0.1:\(try node.fleetPort())\(path)"
    // To standard error, for the bodies are certificates.
    let process = try ChildProcess(
      [
        "curl", "-sk", "--cert", "\(member.data)/fleet/node.crt", "--key", "\(member.data)/node.key", "-X", "POST",
        "-w",
        "%{stderr}%{http_code} %header{retry-after}\n",
      ] + (0..<times).flatMap { _ in ["-o", "/dev/null", place] })
    try process.wait()
    var (statuses, pauses) = ([String: Int](), Set<String>())
    for line in process.errors.complete().split(separator: "\n") {
      let words = line.split(separator: " ").map { "\($0)" }
      statuses[words[0], default: 0] += 1
      pauses.formUnion(words.dropFirst())
    }
    return (statuses, pauses)
  }

  @Test func aMemberIsGivenCertificatesOnlySoOftenAndTheOthersTheirs() throws {
    let fleet = try SmallFleet("a", "b", "c")
    let begun = ContinuousClock.now
    let first = try Self.ask("/fleet/v1/certificate", times: 8, of: fleet["a"], as: fleet["b"])
    // And one more for each five seconds that the asking took.
    let more = Int(begun.duration(to: .now).components.seconds / 5)
    let (given, refused) = (first.statuses["200"] ?? 0, first.statuses["429"] ?? 0)
    #expect(given >= 5 && given <= 5 + more && given + refused == 8, "\(first)")
    #expect(first.pauses.isSubset(of: ["1", "2", "3", "4", "5"]), "\(first)")
    let other = try Self.ask("/fleet/v1/certificate", times: 1, of: fleet["a"], as: fleet["c"])
    #expect(other.statuses == ["200": 1], "\(other)")
  }

  @Test func aMemberAsksForImagesToBeKeptOnlySoOften() throws {
    let fleet = try SmallFleet("a", "b")
    let path = "/fleet/v1/keep/\(Blob([1]).digest)/team/app"
    let asked = try Self.ask(path, times: 300, of: fleet["a"], as: fleet["b"])
    #expect(asked.statuses["429"] ?? 0 > 0 && asked.statuses["404"] ?? 0 >= 64, "\(asked)")
    #expect(asked.statuses.keys.sorted() == ["404", "429"] && asked.pauses == ["1"], "\(asked)")
  }

  @Test func whoLeavesWithMoreThanMayBeAskedForAtOnceWaitsAndLeaves() throws {
    let fleet = try SmallFleet("a", "b")
    let images = (0..<100).map { TestImage("image \($0)") }
    let connection = try fleet["b"].connect()
    for (number, image) in images.enumerated() { try connection.push(image, to: "team/app", as: "\(number)") }
    let left = try fleet.command("leave", at: "b")
    #expect(left.code == 0 && left.output.contains("in no fleet"), "\(left.output)\(left.errors)")
    try fleet["b"].kill()
    let reading = try fleet["a"].connect()
    for (number, image) in images.enumerated() {
      #expect(try reading.get("/v2/team/app/manifests/\(number)").body == image.manifest.bytes)
      for blob in image.blobs { #expect(try reading.get("/v2/team/app/blobs/\(blob.digest)").body == blob.bytes) }
    }
  }
}
