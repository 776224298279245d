import RegistryCore
import Testing

@testable import FleetCore

@Suite struct FleetPolicyTests {
  private var full: PolicyRules {
    var rules = PolicyRules()
    rules.writers = [
      .init(repositories: PublicPatterns(["team/**", "x"]), nodes: [node(1), node(2)]),
      .init(repositories: PublicPatterns(["**"]), nodes: []),
    ]
    rules.immutableTags = PublicPatterns(["releases/*"])
    rules.immutableSince = [.init(repositories: PublicPatterns(["releases/*"]), since: 1_700_000_000_000)]
    (rules.historyEntries, rules.historyDays, rules.tombstoneDays) = (5, 0, 365)
    rules.replicas = [.init(repositories: PublicPatterns(["team/**"]), count: 3)]
    (rules.catalogueWhenBehind, rules.tagsWhenBehind) = (.refuse, .refuse)
    return rules
  }

  @Test func aPolicyComesBackAsItWasWritten() throws {
    for (rules, text) in [(PolicyRules(), ""), (full, "# caf\u{e9}\nimmutable: [releases/*]\n")] {
      let policy = try FleetPolicy(rules, text: text)
      let read = try #require(FleetPolicy(content: policy.content))
      #expect(read == policy && read.rules == rules && read.text == text && read.unknownKeys.isEmpty)
    }
    let usual = try FleetPolicy(PolicyRules(), text: "")
    #expect(FleetPolicy() == usual)
  }

  @Test func theRulesOfNamesFollow() throws {
    let rules = try FleetPolicy(full, text: "").nameRules
    let (team, other) = (try RepositoryName(parsing: "team/app"), try RepositoryName(parsing: "b"))
    #expect(rules.mayWrite(node(1), team) && !rules.mayWrite(node(3), team))
    #expect(rules.immutableTags.matches(try RepositoryName(parsing: "releases/a")))
    #expect(full.replicas(of: team) == 3 && full.replicas(of: other) == 1)
  }

  @Test func whatALaterReleaseSaysIsKeptAndPassedOver() throws {
    let content = Array("d6:accessd3:any1:xe7:historyd4:daysi7e6:monthsi1eee".utf8)
    let policy = try #require(FleetPolicy(content: content))
    #expect(policy.rules.historyDays == 7 && policy.rules.historyEntries == 20)
    #expect(policy.unknownKeys == ["access", "history.months"] && policy.content == content)
  }

  @Test(arguments: [
    "", "le", "i1e", "d7:historylee", "d7:historyd4:daysi-1eee", "d7:historyd4:daysi3651eee", "d7:historyd4:days1:7ee",
    "d7:historyd7:entriesi1001eee", "d10:tombstonesd4:daysi0eee", "d9:immutable1:ae", "d9:immutableli1eee",
    "d9:immutablel1:Aee", "d9:immutablel3:***ee", "d9:catalogued11:when-behind5:maybeee", "d9:cataloguei1ee",
    "d8:replicasd5:counti1eee", "d8:replicasld5:counti1eeee", "d8:replicasld12:repositorieslee",
    "d8:replicasld5:counti0e12:repositoriesleeee", "d8:replicasld5:counti101e12:repositoriesleeee",
    "d7:writersld5:nodesleeee", "d7:writersld5:nodesl3:abce12:repositoriesleeee",
    "d7:writersld5:nodesle12:repositories1:aeee", "d4:texti1ee", "d4:text1:\u{0}7:x",
  ])
  func whatIsNotInItsFormIsNoPolicy(_ text: String) { #expect(FleetPolicy(content: Array(text.utf8)) == nil) }

  @Test func aNodeThatStandsTwiceInARecordIsASecondSpelling() {
    let id = "64:\(node(1))"
    #expect(FleetPolicy(content: Array("d7:writersld5:nodesl\(id)e12:repositoriesleeee".utf8)) != nil)
    #expect(FleetPolicy(content: Array("d7:writersld5:nodesl\(id)\(id)e12:repositoriesleeee".utf8)) == nil)
  }

  @Test func aPolicyHasALongestText() {
    let limit = FleetPolicy.textByteLimit
    #expect(throws: Never.self) { try FleetPolicy(PolicyRules(), text: String(repeating: "#", count: limit)) }
    #expect(throws: PolicyFault.self) { try FleetPolicy(PolicyRules(), text: String(repeating: "#", count: limit + 1)) }
    var rules = PolicyRules()
    rules.historyDays = -1
    #expect(throws: PolicyFault.self) { try FleetPolicy(rules, text: "") }
    rules = PolicyRules()
    rules.immutableTags = PublicPatterns(["NOT"])
    #expect(throws: PolicyFault.self) { try FleetPolicy(rules, text: "") }
  }

  private func written(_ value: BencodeValue, nodesNamed: [String: [NodeID]] = [:]) throws(PolicyFault) -> FleetPolicy {
    try FleetPolicy.written("text", as: value.encoded) { nodesNamed[$0.text] ?? [] }
  }

  @Test func anOperatorMayWriteItShorter() throws {
    let policy = try written(
      .dictionary([
        "history": .dictionary(["entries": .text("7")]), "immutable": .text("releases/**"),
        "writers": .list([
          .dictionary(["repositories": .text("ci/*"), "nodes": .list([.text("ci-1"), .text(node(2).description)])])
        ]),
      ]), nodesNamed: ["ci-1": [node(1)]])
    #expect(policy.rules.historyEntries == 7 && policy.text == "text")
    #expect(policy.rules.immutableTags == PublicPatterns(["releases/**"]))
    #expect(policy.rules.writers == [.init(repositories: PublicPatterns(["ci/*"]), nodes: [node(1), node(2)])])
    #expect(FleetPolicy(content: policy.content) == policy, "it is not written in the one spelling")
  }

  @Test func whatIsWrongIsNamedWithWhatToDo() {
    func rule(_ nodes: BencodeValue) -> BencodeValue {
      .dictionary(["writers": .list([.dictionary(["nodes": nodes, "repositories": .text("a")])])])
    }
    let cases: [(BencodeValue, String, String)] = [
      (.dictionary(["imutable": .text("a")]), "imutable", "did you mean 'immutable'?"),
      (.dictionary(["access": .text("a")]), "access", "known here are catalogue, history, immutable"),
      (.dictionary(["history": .dictionary(["day": .integer(1)])]), "history.day", "did you mean 'days'?"),
      (
        .dictionary([
          "replicas": .list([.dictionary(["count": .integer(1), "repositories": .text("a"), "x": .text("")])])
        ]),
        "replicas[0].x", "known here are count, repositories"
      ),
      (
        .dictionary(["replicas": .list([.dictionary(["count": .integer(1)])])]), "replicas[0]",
        "'repositories' is missing"
      ),
      (.dictionary(["history": .dictionary(["days": .text("many")])]), "history.days", "write a number from 0 to 3650"),
      (
        .dictionary(["tags": .dictionary(["when-behind": .text("wait")])]), "tags.when-behind", "write answer or refuse"
      ),
      (
        .dictionary(["immutable": .list([.text("a"), .text("B")])]), "immutable[1]", "'B' is no pattern of repositories"
      ),
      (rule(.text("ci-9")), "writers[0].nodes", "no member is called 'ci-9'"),
      (rule(.list([.text("two")])), "writers[0].nodes[0]", "2 members are called 'two': write the ID of one"),
      (rule(.text("not a name")), "writers[0].nodes", "all 64 digits of its ID"),
      (.list([]), "", "a policy is a mapping of keys"),
    ]
    for (value, path, message) in cases {
      do throws(PolicyFault) {
        _ = try written(value, nodesNamed: ["two": [node(1), node(2)]])
        Issue.record("\(path) is taken")
      } catch {
        #expect(error.path == path && error.message.contains(message), "\(error)")
      }
    }
  }

  @Test func aPolicyOfALaterReleaseIsHandedOnInItsRecord() throws {
    let bench = FleetBench()
    let policy = try #require(FleetPolicy(content: Array("d6:accessi1ee".utf8)))
    let record = bench.record(1, .policy(policy))
    let read = try #require(FleetRecord(bytes: record.bytes))
    #expect(read.bytes == record.bytes && read == record)
  }
}
