import FleetCore
import RegistryCore
import Testing

@Suite struct NameConflictTests {
  private func tag(_ repository: String, _ tag: String, _ value: String?) -> SpokenName {
    SpokenName(
      ClaimedName(repository: name(repository), kind: .tag, key: Array(tag.utf8)), value.map { Array($0.utf8) })
  }

  /// - Parameter byte: of which the manifest's digest consists.
  private func manifest(_ repository: String, _ byte: UInt8, _ value: String?) -> SpokenName {
    let digest = Digest(algorithm: .sha256, hash: [UInt8](repeating: byte, count: 32))
    return SpokenName(
      ClaimedName(repository: name(repository), kind: .manifest, key: digest.multihash), value.map { Array($0.utf8) })
  }

  private func name(_ text: String) -> RepositoryName {
    guard let name = try? RepositoryName(parsing: text) else { preconditionFailure("\(text) is no name") }
    return name
  }

  private func plan(
    _ choice: NamesChoice, _ mine: [SpokenName], _ fleet: [SpokenName], _ change: (inout NameRules) -> Void = { _ in }
  ) throws(NameComparison.Refused) -> NameComparison.Plan {
    var rules = NameRules()
    change(&rules)
    return try NameComparison.plan(choice, mine: mine, fleet: fleet, rules: rules, node: node(1))
  }

  private func refusal(
    _ choice: NamesChoice, _ mine: [SpokenName], _ fleet: [SpokenName], _ change: (inout NameRules) -> Void = { _ in }
  ) -> NameComparison.Refused? {
    do throws(NameComparison.Refused) {
      _ = try plan(choice, mine, fleet, change)
      return nil
    } catch {
      return error
    }
  }

  private let mine: [(String, String?)] = [
    ("same", "x"), ("other", "x"), ("alone", "x"), ("deleted", "x"), ("gone", nil),
  ]

  private var here: [SpokenName] {
    mine.map { tag("a", $0.0, $0.1) }.sorted { $0.name.precedes($1.name) }
  }

  private var there: [SpokenName] {
    [
      tag("a", "same", "x"), tag("a", "other", "y"), tag("a", "deleted", nil), tag("a", "gone", "z"),
      tag("b", "b", "b"),
    ]
    .sorted { $0.name.precedes($1.name) }
  }

  private func tags(_ texts: String...) -> Set<ClaimedName> { Set(texts.map { tag("a", $0, nil).name }) }

  @Test func whatDiffersIsRefusedByNameUnlessItIsSaidWhichToKeep() throws {
    let refused = try #require(refusal(.refuse, here, there))
    #expect(refused.count == 2)
    #expect(refused.examples == [tag("a", "other", nil).name: .differs, tag("a", "deleted", nil).name: .deleted])
    #expect(refused.description.contains("a:other (the fleet names another image so)"))
    #expect(refused.description.contains("--names keep-fleet"))
  }

  @Test func namesThatGoTogetherJoinWithoutAChoice() throws {
    let mine = [manifest("a", 0xe2, "facts"), tag("a", "alone", "x"), tag("a", "same", "x")]
    let fleet = [manifest("a", 0xe2, "other facts"), tag("a", "same", "x")]
    #expect(try plan(.refuse, mine, fleet) == NameComparison.Plan())
    #expect(try plan(.refuse, mine, []) == NameComparison.Plan())
    #expect(try plan(.refuse, [], fleet) == NameComparison.Plan())
  }

  @Test func keepFleetDropsWhatDiffers() throws {
    let plan = try plan(.keepFleet, here, there)
    #expect(plan.dropped == tags("other", "deleted", "gone") && plan.restated.isEmpty)
  }

  @Test func keepMineSaysWhatDiffersOnceMore() throws {
    let plan = try plan(.keepMine, here, there)
    #expect(plan.restated == tags("other", "deleted") && plan.dropped == tags("gone"))
  }

  @Test(arguments: NamesChoice.allCases) func whatANodeDeletedAloneSaysNothingToTheFleet(choice: NamesChoice) throws {
    let plan = try plan(choice, [tag("a", "gone", nil), tag("a", "nowhere", nil)], [tag("a", "gone", "z")])
    #expect(plan.dropped == tags("gone", "nowhere") && plan.restated.isEmpty)
  }

  @Test func immutableTagsOfTheFleetCannotBeBeaten() throws {
    let immutable: (inout NameRules) -> Void = { $0.immutableTags = PublicPatterns(["a"]) }
    #expect(refusal(.keepMine, here, there, immutable)?.examples == [tag("a", "other", nil).name: .immutable])
    #expect(try plan(.keepFleet, here, there, immutable).dropped == tags("other", "deleted", "gone"))
    #expect(refusal(.refuse, here, there, immutable)?.count == 2)
  }

  @Test func namesThatTheNodeMayNotWriteAreNotLostSilently() throws {
    let writers: (inout NameRules) -> Void = {
      $0.writers = [.init(repositories: PublicPatterns(["a"]), nodes: [node(7)])]
    }
    let mine = [tag("a", "alone", "x"), tag("b", "free", "x")]
    #expect(refusal(.refuse, mine, [], writers)?.examples == [tag("a", "alone", nil).name: .notWriter])
    #expect(refusal(.keepMine, mine, [], writers)?.count == 1)
    #expect(try plan(.keepFleet, mine, [], writers).dropped == tags("alone"))
  }

  @Test func aDeletedManifestOfTheFleetIsAConflictToo() throws {
    let (mine, fleet) = ([manifest("a", 0xe2, "facts")], [manifest("a", 0xe2, nil)])
    let digest = "sha256:" + String(repeating: "e2", count: 32)
    let refused = try #require(refusal(.refuse, mine, fleet))
    #expect(refused.description.contains("a@\(digest) (the fleet has deleted it)"), "\(refused)")
    #expect(try plan(.keepMine, mine, fleet).restated == [mine[0].name])
  }

  @Test func keepMineIsAdvisedOnlyWhereItHelps() throws {
    let writers: (inout NameRules) -> Void = {
      $0.writers = [.init(repositories: PublicPatterns(["ci"]), nodes: [node(7)])]
    }
    let mine = here + [tag("ci", "mine", "x")]
    #expect(refusal(.refuse, here, there)?.description.contains("keep-mine") == true)
    for choice in [NamesChoice.refuse, .keepMine] {
      let refused = try #require(refusal(choice, mine, there, writers))
      #expect(refused.description.contains("ci:mine (the fleet's policy lets other nodes write there)"))
      #expect(refused.description.contains("keep-fleet") && !refused.description.contains("keep-mine"), "\(refused)")
    }
  }

  @Test func onlyTheFirstOfManyAreShown() throws {
    let mine = (100..<200).map { tag("a", "v\($0)", "x") }
    let refused = try #require(refusal(.refuse, mine, mine.map { SpokenName($0.name, [0]) }))
    #expect(refused.count == 100 && refused.examples.count == 20 && refused.description.contains("and 80 more"))
    #expect(refused.examples[mine[0].name] != nil && refused.examples[mine[20].name] == nil)
  }

  /// Against looking each name up.
  @Test(arguments: 0..<10) func goingSideBySideFindsWhatLookingUpFinds(seed: UInt64) throws {
    var chance = SeededChance(seed: seed)
    func side() -> [SpokenName] {
      var names: [ClaimedName: SpokenName] = [:]
      for _ in 0..<60 {
        let repository = ["a", "a-b", "a/b", "b"].randomElement(using: &chance)!
        let spoken = tag(
          repository, "v\(Int.random(in: 0..<12, using: &chance))", ["x", "y", nil].randomElement(using: &chance)!)
        names[spoken.name] = spoken
      }
      return names.values.sorted { $0.name.precedes($1.name) }
    }
    let (mine, fleet) = (side(), side())
    let others = Dictionary(uniqueKeysWithValues: fleet.map { ($0.name, $0.value) })
    let plan = try plan(.keepMine, mine, fleet)
    let differing = mine.filter { name in
      guard name.value != nil, let other = others[name.name] else { return false }
      return other != name.value
    }
    #expect(plan.restated == Set(differing.map(\.name)))
    #expect(plan.dropped == Set(mine.filter { $0.value == nil }.map(\.name)))
    #expect(!differing.isEmpty)
  }
}
