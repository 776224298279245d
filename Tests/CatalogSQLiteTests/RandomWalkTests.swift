import RegistryCore
import RegistryTesting
import Testing

@testable import CatalogSQLite

/// SQLite and the memory fake take the same steps; every answer of the one is the answer of the other.
@Suite struct RandomWalkTests {
  @Test(arguments: [1, 2, 3, 4]) func sqliteAnswersLikeTheModel(_ fixed: UInt64) async throws {
    // The first seeds are fixed; the last one is new each time.
    let seed = fixed == 4 ? UInt64.random(in: 5...UInt64.max) : fixed
    print("random walk, seed \(seed)")
    let clock = HeldClock()
    let model = MemoryCatalog(node: .test(), clock: clock)
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    var walk = try Walk(seed: seed)
    // Closed and opened again on the way: what is known must not live in memory alone.
    for _ in 0..<4 {
      try await withCatalog(in: folder, clock: clock) { catalog in
        for _ in 0..<400 { try await walk.step(on: catalog, and: model, clock: clock) }
        try await walk.compareAll(catalog, model)
      }
    }
    #expect(walk.published > 100, "a walk that publishes nothing compares nothing (seed \(seed))")
  }
}

private struct Walk {
  private var random: SplitMix
  private let seed: UInt64
  private let repositories: [RepositoryName]
  private let tags: [RegistryCore.Tag]
  private let blobs: [StoredBlob]
  private let manifests: [ManifestFixture]
  private(set) var published = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = SplitMix(state: seed)
    repositories = try ["a", "a/b", "a-b"].map { try RepositoryName(parsing: $0) }
    tags = try ["latest", "v1", "V1", "_"].map { try Tag(parsing: $0) }
    blobs = (0..<4).map { .holding("blob \($0)") }
    var images: [ManifestFixture] = []
    for (at, blob) in blobs.enumerated() {
      images.append(try .image(config: blob, layers: [blobs[(at + 1) % blobs.count]]))
    }
    var others = [try ManifestFixture.index(images.prefix(2).map(\.descriptor)), try .index([])]
    for subject in images.prefix(2) {
      others.append(
        try .image(
          config: blobs[0], subject: subject.descriptor, artifactType: "application/x.sbom", annotations: ["of": "it"]))
    }
    manifests = images + others
  }

  mutating func step(on left: SQLiteCatalog, and right: MemoryCatalog, clock: HeldClock) async throws {
    if random.chance(1, of: 4) { clock.move(byMilliseconds: Int64(random.below(2_000)) - 500) }
    let repository = random.pick(repositories)
    switch random.below(16) {
    case 0...3:
      let blob = random.pick(blobs)
      try await left.link(blob, to: repository)
      try await right.link(blob, to: repository)
    case 4...8:
      try await publish(to: repository, on: left, and: right)
    case 9:
      let digest = random.pick(manifests).digest
      let seen = try await left.retract(digest, from: repository) != nil
      expect(seen, try await right.retract(digest, from: repository) != nil, "retract")
    case 10:
      let tag = random.pick(tags)
      expect(try await left.untag(tag, in: repository), try await right.untag(tag, in: repository), "untag")
    case 11:
      try await unlink(from: repository, on: left, and: right)
    case 12:
      guard let owed = try await left.owedUnshelvings(limit: 1).first else { return }
      try await left.settle(owed)
      try await right.settle(try #require(try await right.owedUnshelvings(limit: 1).first))
    default:
      try await ask(repository, left, right)
    }
  }

  private mutating func publish(
    to repository: RepositoryName, on left: SQLiteCatalog, and right: MemoryCatalog
  ) async throws {
    let manifest = random.pick(manifests)
    var chosen: [RegistryCore.Tag] = []
    for tag in tags where random.chance(1, of: 3) { chosen.append(tag) }
    let publication = Publication(
      repository: repository, digest: manifest.digest, document: manifest.document, tags: chosen,
      demands: random.pick([.everything, .everything, .blobs, .nothing]))
    let outcome = try await left.publish(publication)
    expect(outcome, try await right.publish(publication), "publish")
    if outcome == .published { published += 1 }
  }

  /// Which of several manifests is named as the one that needs a blob is left open by the port.
  private mutating func unlink(
    from repository: RepositoryName, on left: SQLiteCatalog, and right: MemoryCatalog
  ) async throws {
    let digest = random.pick(blobs).digest
    let refusing = random.chance(1, of: 2)
    let seen = try await left.unlink(digest, from: repository, refusingNeeded: refusing)
    let due = try await right.unlink(digest, from: repository, refusingNeeded: refusing)
    if case .needed(let manifest) = seen, case .needed = due {
      let needing = manifests.first { $0.digest == manifest }
      #expect(needing?.document.blobs.contains { $0.digest == digest } == true, "seed \(seed)")
    } else {
      expect(seen, due, "unlink")
    }
  }

  private mutating func ask(
    _ repository: RepositoryName, _ left: SQLiteCatalog, _ right: MemoryCatalog
  ) async throws {
    let reference: Reference =
      random.chance(1, of: 2) ? .tag(random.pick(tags)) : .digest(random.pick(manifests).digest)
    let (seen, due) = (
      try await left.resolve(reference, in: repository), try await right.resolve(reference, in: repository)
    )
    expect(seen?.digest, due?.digest, "resolve")
    expect(seen?.bytes, due?.bytes, "bytes")
    expect(seen?.mediaType, due?.mediaType, "media type")
    let blob = random.pick(blobs)
    let size = try await left.linkedSize(of: blob.digest, in: repository)
    expect(size, try await right.linkedSize(of: blob.digest, in: repository), "linked size")
    let holder = try await left.holder(of: blob.digest)
    expect(holder == nil, try await right.holder(of: blob.digest) == nil, "a holder")
    if let holder { #expect(try await right.linkedSize(of: blob.digest, in: holder) == blob.size, "seed \(seed)") }
  }

  func compareAll(_ left: SQLiteCatalog, _ right: MemoryCatalog) async throws {
    let names = try await left.repositories(after: nil, limit: 100)
    expect(names.elements, try await right.repositories(after: nil, limit: 100).elements, "repositories")
    let owed = try await left.owedUnshelvings(limit: 1_000)
    expect(owed.map(\.digest), try await right.owedUnshelvings(limit: 1_000).map(\.digest), "owed")
    for repository in repositories {
      let present = try await left.manifests(of: repository)
      expect(present, try await right.manifests(of: repository), "manifests, with their clocks")
      let page = try await left.tags(of: repository, after: nil, limit: 100)
      expect(page?.elements, try await right.tags(of: repository, after: nil, limit: 100)?.elements, "tags")
      for tag in tags {
        let events = try await left.history(of: tag, in: repository, limit: 10_000)
        expect(events, try await right.history(of: tag, in: repository, limit: 10_000), "history of \(tag)")
      }
      for manifest in manifests {
        let seen = try await left.referrers(of: manifest.digest, in: repository, artifactType: nil)
        let due = try await right.referrers(of: manifest.digest, in: repository, artifactType: nil)
        expect(seen, due, "referrers")
      }
    }
  }

  private func expect<Value: Equatable>(_ seen: Value, _ due: Value, _ what: String) {
    #expect(seen == due, "\(what), seed \(seed)")
  }
}

/// A small generator whose walk is the same on every machine (SplitMix64).
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func chance(_ part: Int, of whole: Int) -> Bool { below(whole) < part }

  mutating func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }
}
