import RegistryCore
import RegistryService
import RegistryTesting
import Testing

struct ManifestDeskTests {
  private let repository = Bench.repository

  @Test func aRefusedManifestLeavesNothingOnTheShelf() async throws {
    let bench = Bench()
    let absent = Digest(of: Bench.bytes("absent"))
    let config = try await bench.pushBlob(Bench.bytes("{}"))
    let manifest = Bench.manifest(config: (config, 2), layer: (absent, 6))
    let answer = await code { () async throws(RegistryError) in
      try await bench.registry.manifests.push(
        manifest, contentType: Bench.imageType, to: .tag(Bench.tag("v1")), in: repository)
    }
    #expect(answer == .manifestBlobUnknown)
    #expect(try await bench.shelved().isEmpty)
  }

  @Test func aManifestThatIsRefusedTheSecondTimeKeepsItsShelfEntry() async throws {
    let bench = Bench()
    let digest = try await bench.pushImage("layer", tag: "v1")
    let manifest = try await bench.image("layer")
    _ = try await bench.catalogue.unlink(Digest(of: Bench.bytes("layer")), from: repository, refusingNeeded: false)
    let answer = await code { () async throws(RegistryError) in
      try await bench.registry.manifests.push(
        manifest, contentType: Bench.imageType, to: .tag(Bench.tag("v2")), in: repository)
    }
    #expect(answer == .manifestBlobUnknown)
    #expect(try await bench.shelved().map(\.digest) == [digest])
  }

  @Test func aDeletedManifestLeavesTheShelf() async throws {
    let bench = Bench()
    let digest = try await bench.pushImage("layer", tag: "v1")
    #expect(try await bench.shelved().map(\.digest) == [digest])
    try await bench.registry.manifests.delete(.digest(digest), from: repository)
    #expect(try await bench.shelved().isEmpty)
    #expect(try await bench.catalogue.owedUnshelvings(limit: 10).isEmpty)
  }

  @Test func aDebtOfAnEarlierLifeIsSettledAtTheStart() async throws {
    let bench = Bench()
    let digest = try await bench.pushImage("layer", tag: "v1")
    // The crash: the name is gone, the shelf entry still there.
    #expect(try await bench.catalogue.retract(digest, from: repository) != nil)
    #expect(try await bench.shelved().count == 1)
    try await bench.restarted().settleDebts()
    #expect(try await bench.shelved().isEmpty)
  }

  @Test func aDebtDoesNotTakeAManifestThatCameBack() async throws {
    let bench = Bench()
    let digest = try await bench.pushImage("layer", tag: "v1")
    #expect(try await bench.catalogue.retract(digest, from: repository) != nil)
    try await bench.pushImage("layer", tag: "v1")
    try await bench.restarted().settleDebts()
    #expect(try await bench.shelved().map(\.digest) == [digest])
  }

  @Test func rollbackGoesToTheManifestBefore() async throws {
    let bench = Bench()
    let first = try await bench.pushImage("one", tag: "latest")
    let second = try await bench.pushImage("two", tag: "latest")
    #expect(try await bench.registry.manifests.rollback(Bench.tag("latest"), in: repository, to: nil) == first)
    let resolved = try await bench.registry.manifests.resolve(.tag(Bench.tag("latest")), in: repository)
    #expect(resolved.digest == first)
    // And once more goes forward again: what it named before is the second.
    #expect(try await bench.registry.manifests.rollback(Bench.tag("latest"), in: repository, to: nil) == second)
  }

  @Test func rollbackPassesOverManifestsThatAreGone() async throws {
    let bench = Bench()
    let first = try await bench.pushImage("one", tag: "latest")
    let second = try await bench.pushImage("two", tag: "latest")
    try await bench.pushImage("three", tag: "latest")
    try await bench.registry.manifests.delete(.digest(second), from: repository)
    #expect(try await bench.registry.manifests.rollback(Bench.tag("latest"), in: repository, to: nil) == first)
    let gone = await code { () async throws(RegistryError) in
      try await bench.registry.manifests.rollback(Bench.tag("latest"), in: repository, to: second)
    }
    #expect(gone == .manifestUnknown)
  }

  @Test func aDeletedTagCanBeRolledBack() async throws {
    let bench = Bench()
    let digest = try await bench.pushImage("one", tag: "latest")
    try await bench.registry.manifests.delete(.tag(Bench.tag("latest")), from: repository)
    #expect(try await bench.registry.manifests.rollback(Bench.tag("latest"), in: repository, to: nil) == digest)
  }

  @Test func pushesAndDeletesOfOneManifestAtOnceLeaveNameAndShelfAgreeing() async throws {
    let bench = Bench()
    let manifest = try await bench.image("layer")
    let digest = Digest(of: manifest)
    await withTaskGroup { group in
      for number in 0..<50 {
        group.addTask {
          if number.isMultiple(of: 2) {
            _ = try? await bench.registry.manifests.push(
              manifest, contentType: Bench.imageType, to: .tag(Bench.tag("v1")), in: Bench.repository)
          } else {
            // Absent is as good as deleted here.
            try? await bench.registry.manifests.delete(.digest(digest), from: Bench.repository)
          }
        }
      }
    }
    let isNamed = try await bench.catalogue.resolve(.digest(digest), in: repository) != nil
    #expect(try await bench.shelved().isEmpty != isNamed)
  }

  @Test func blobsThatAreNeededStayWhenTheOperatorSaysSo() async throws {
    var rules = RegistryRules()
    rules.keepsNeededBlobs = true
    let bench = Bench(rules: rules)
    let digest = try await bench.pushImage("layer", tag: "v1")
    let layer = Digest(of: Bench.bytes("layer"))
    let refused = await code { () async throws(RegistryError) in
      try await bench.registry.blobs.delete(layer, from: repository)
    }
    #expect(refused == .blobNeeded)
    try await bench.registry.manifests.delete(.digest(digest), from: repository)
    try await bench.registry.blobs.delete(layer, from: repository)
    #expect(try await bench.registry.blobs.holds(layer, in: repository) == false)
  }
}
