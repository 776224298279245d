import RegistryCore
import RegistryService
import RegistryTesting
import Testing

struct NameRestorationTests {
  @Test func namesComeBackFromTheShelfAndTagsFromTheSalvage() async throws {
    let bench = Bench()
    let image = try await bench.pushImage("layer", tag: "v1")
    let fresh = Bench.lostCatalogue(of: bench)
    let salvaged = [
      SalvagedTag(repository: Bench.repository, tag: Bench.tag("v1"), digest: image),
      SalvagedTag(repository: Bench.repository, tag: Bench.tag("v2"), digest: Digest(of: Bench.bytes("gone"))),
    ]
    let report = try await NameRestoration(fresh).run(tags: salvaged)
    #expect(report.repositories == 1)
    #expect(report.manifests == 1)
    #expect(report.tags == 1)
    #expect(report.lostTags == 1)
    #expect(report.incomplete.isEmpty)
    #expect(try await fresh.names.resolve(.tag(Bench.tag("v1")), in: Bench.repository)?.digest == image)
    let layer = Digest(of: Bench.bytes("layer"))
    #expect(try await fresh.content.linkedSize(of: layer, in: Bench.repository) == 5)
  }

  @Test func aManifestWhoseLayerIsGoneComesBackAndIsReported() async throws {
    let bench = Bench()
    let image = try await bench.pushImage("lost", tag: "v1")
    #expect(try await bench.blobs.remove(Digest(of: Bench.bytes("lost"))))
    let fresh = Bench.lostCatalogue(of: bench)
    let salvaged = SalvagedTag(repository: Bench.repository, tag: Bench.tag("v1"), digest: image)
    let report = try await NameRestoration(fresh).run(tags: [salvaged])
    #expect(report.incomplete == ["\(Bench.repository)@\(image)"])
    #expect(report.unreadable.isEmpty)
    #expect(report.tags == 1)
    #expect(try await fresh.names.resolve(.tag(Bench.tag("v1")), in: Bench.repository)?.digest == image)
  }

  @Test func aManifestWithoutItsBytesIsReportedAndTheOthersComeBack() async throws {
    let bench = Bench()
    let lost = try await bench.pushImage("lost", tag: "v1")
    let kept = try await bench.pushImage("kept", tag: "v2")
    #expect(try await bench.blobs.remove(lost))
    let fresh = Bench.lostCatalogue(of: bench)
    let report = try await NameRestoration(fresh).run(tags: [])
    #expect(report.unreadable == ["\(Bench.repository)@\(lost)"])
    #expect(report.incomplete.isEmpty)
    #expect(try await fresh.names.resolve(.digest(kept), in: Bench.repository) != nil)
    #expect(try await fresh.names.resolve(.digest(lost), in: Bench.repository) == nil)
  }
}

extension Bench {
  /// The same disk with an empty catalogue.
  static func lostCatalogue(of bench: Bench) -> RegistryPorts {
    let catalogue = MemoryCatalog(node: NodeID([UInt8](repeating: 2, count: NodeID.byteCount))!, clock: bench.clock)
    let old = bench.ports
    return RegistryPorts(
      blobs: old.blobs, uploads: old.uploads, shelf: old.shelf, names: catalogue, catalogue: catalogue,
      content: catalogue, unread: catalogue, tickets: catalogue, wishes: catalogue, chance: old.chance,
      clock: old.clock, work: old.work, log: old.log)
  }
}
