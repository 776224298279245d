import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

/// What a keeper does with the registry of its node.
struct KeepImageTests {
  private let nodes = JoinedNodes()

  private func pair() async throws -> (one: SwarmNode, far: SwarmNode) {
    let (one, far) = (try await SwarmNode(), try await SwarmNode(fleet: nodes.others(than: 9)))
    nodes.add(one.registry, as: 1)
    nodes.add(far.registry, as: 9)
    return (one, far)
  }

  /// Pushed to one, and heard of by the other.
  private func push(_ content: String, to one: SwarmNode, heardBy far: SwarmNode) async throws -> ImageName {
    let digest = try await one.bench.pushImage(content, tag: content)
    let manifest = try await one.registry.manifests.resolve(.digest(digest), in: Bench.repository)
    let facts = try ManifestDocument(bytes: try #require(manifest.bytes), contentType: Bench.imageType).facts
    far.bench.catalogue.hear(of: digest, facts, tag: nil, in: Bench.repository)
    return ImageName(digest, in: Bench.repository)
  }

  @Test func anImageIsBroughtPartByPart() async throws {
    let (one, far) = try await pair()
    let image = try await push("content", to: one, heardBy: far)
    #expect(try await far.registry.lacking(of: image.digest, in: image.repository) == [image.digest])
    #expect(try await far.registry.bring(image.digest, of: image) > 0)
    let blobs = try await far.registry.lacking(of: image.digest, in: image.repository)
    #expect(Set(blobs) == [.hashing(Bench.bytes("{}")), .hashing(Bench.bytes("content"))])
    for blob in blobs { _ = try await far.registry.bring(blob, of: image) }
    // Whole when it returned, not soon.
    #expect(try await far.registry.lacking(of: image.digest, in: image.repository).isEmpty)
    await far.close()
    await one.close()
  }

  @Test func whatTheImageDoesNotNameIsNotBrought() async throws {
    let (one, far) = try await pair()
    let image = try await push("content", to: one, heardBy: far)
    let other = try await one.bench.pushBlob(Bench.bytes("of nobody's manifest"))
    _ = try await far.registry.bring(image.digest, of: image)
    let error = await #expect(throws: RegistryError.self) { _ = try await far.registry.bring(other, of: image) }
    #expect(error?.code == .blobUnknown)
    await far.close()
    await one.close()
  }

  @Test func whatWasDeletedIsNotBrought() async throws {
    let (one, far) = try await pair()
    let image = try await push("content", to: one, heardBy: far)
    _ = try await far.registry.bring(image.digest, of: image)
    far.bench.catalogue.hear(thatWent: image.digest, from: image.repository)
    let gone = await #expect(throws: RegistryError.self) {
      _ = try await far.registry.lacking(of: image.digest, in: image.repository)
    }
    #expect(gone?.code == .manifestUnknown)
    let layer = Digest.hashing(Bench.bytes("content"))
    await #expect(throws: RegistryError.self) { _ = try await far.registry.bring(layer, of: image) }
    #expect(try await !far.registry.blobs.holds(layer, in: image.repository))
    await far.close()
    await one.close()
  }
}
