import BlockingBodies
import FoundationEssentials
import Glibc
import Testing

/// What an operator sees of a fleet.
@Suite(.serialized, .blocking)
struct FleetObservationTests {
  private struct Listing: Decodable {
    struct Member: Decodable {
      struct Bulletin: Decodable {
        let blobs: Int?
        let bytes: Int?
        let behindMilliseconds: Int?
        let certificateEndsAtSeconds: Int?
      }

      let name: String
      let state: String
      let says: Bulletin?
    }

    let members: [Member]
  }

  private struct Status: Decodable {
    struct Summary: Decodable {
      struct Work: Decodable {
        let exchanges: Int
        let claims: Int
        let certificateEndsAtSeconds: Int
      }

      let members: Int
      let alive: Int
      let issuers: Int
      let work: Work
    }

    let fleet: Summary?
  }

  private static func document<Document: Decodable>(_ node: ShoalNode, _ words: String...) throws -> Document {
    let answer = try SmallFleet.run(words + ["--json", "--data", node.data])
    return try JSONDecoder().decode(Document.self, from: Data(answer.output.utf8))
  }

  @Test func membersTellEachOtherWhatTheyHold() throws {
    let fleet = try SmallFleet("a", "b")
    let image = TestImage("three hundred bytes and more")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    let bytes = image.blobs.reduce(0) { $0 + $1.bytes.count }
    let isTold = try eventually(within: .seconds(60)) {
      let listing: Listing = try Self.document(fleet["b"], "fleet", "ls")
      return listing.members.contains {
        $0.name == "a" && $0.says?.blobs == image.blobs.count && $0.says?.bytes == bytes
          && $0.says?.behindMilliseconds != nil && $0.says?.certificateEndsAtSeconds ?? 0 > Int(time(nil)) + 80 * 86_400
      }
    }
    #expect(isTold)
    let table = try SmallFleet.run(["fleet", "ls", "--data", fleet["b"].data]).output
    #expect(table.contains("LAG") && table.contains("HOLDS") && table.contains("blobs, "), "\(table)")
  }

  @Test func statusAndMetricsTellOfTheFleet() throws {
    let fleet = try SmallFleet("a", "b")
    try fleet["a"].connect().push(TestImage("an image"), to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    let isSeen = try eventually(within: .seconds(60)) {
      let status: Status = try Self.document(fleet["b"], "status")
      guard let summary = status.fleet else { return false }
      return summary.members == 2 && summary.alive == 2 && summary.issuers == 1 && summary.work.exchanges > 0
        && summary.work.claims >= 2 && summary.work.certificateEndsAtSeconds > 1_700_000_000
    }
    #expect(isSeen)
    #expect(try SmallFleet.run(["status", "--data", fleet["b"].data]).output.contains("2 members, 1 issuer"))
    // A member that is late with an answer is suspected for a moment.
    var metrics = ""
    for line in ["shoal_fleet_members{state=\"alive\"} 2\n", "shoal_fleet_may_write 1\n", "shoal_fleet_issuers 1\n"] {
      let isThere = try eventually {
        metrics = try fleet["b"].ask("GET", "/metrics").text
        return metrics.contains(line)
      }
      #expect(isThere, "no \(line)in \(metrics)")
    }
    // The tracker's come with public repositories.
    for name in try MetricsPage.names() where !name.hasPrefix("shoal_tracker_") {
      #expect(metrics.contains("# TYPE \(name) "), "no \(name)")
    }
    for name in metrics.split(separator: "\n").compactMap(Self.described) {
      #expect(try MetricsPage.names().contains(name), "\(name) is not in docs/METRICS.md")
    }
  }

  /// The name in a `# TYPE` line of ours; what the process says of itself follows Prometheus' own words.
  private static func described(_ line: Substring) -> String? {
    let words = line.split(separator: " ")
    return words.count == 4 && words[1] == "TYPE" && words[2].hasPrefix("shoal_") ? "\(words[2])" : nil
  }
}

/// The metrics that docs/METRICS.md tells of.
enum MetricsPage {
  static func names(testFile: StaticString = #filePath) throws -> Set<String> {
    let root = "\(testFile)".split(separator: "/").dropLast(4).joined(separator: "/")
    let text = try String(contentsOfFile: "/\(root)/docs/METRICS.md", encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `shoal_") }
    return Set(rows.map { String($0.dropFirst(3).prefix { $0.isLowercase || $0 == "_" }) })
  }
}
