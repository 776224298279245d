import BlockingWork
import RegistryCore
import RegistryService
import Testing

/// A node whose fleet does not let it write.
struct WriteGateTests {
  private static let byTag = "/v2/a/b/manifests/v1"
  private static let byDigest = "/v2/a/b/manifests/\(Fixture.manifestDigest)"
  private static let typed = [("Content-Type", Fixture.manifestType)]

  private static func ask(_ registry: TestRegistry, _ calls: [Call]) async throws {
    for (row, call) in calls.enumerated() {
      let answer = try await registry.answer(call, call.target)
      let text = String(decoding: answer.body, as: UTF8.self)
      #expect(answer.status == call.status, "row \(row): \(call.method) \(call.target): \(text)")
      for (name, value) in call.expects { #expect(answer.fields[name] == value, "row \(row): \(name)") }
      if let wanted = call.expectsText { #expect(text.contains(wanted), "row \(row): \(text)") }
    }
  }

  @Test func everyWayToChangeANameIsShutAndAllElseIsOpen() async throws {
    let refusal = Lock<RegistryError?>(nil)
    let registry = TestRegistry(writing: NameWriting(refusal: { _ in refusal.withLock { $0 } }, wrote: {}))
    defer { registry.work.stop() }
    try await Self.ask(registry, Fixture.blobs("a/b") + [Fixture.put(Fixture.manifest, "a/b", "v1")])
    refusal.withLock { $0 = RegistryError(.unavailable, "the clock is off") }
    let again = [("Retry-After", "1" as String?)]
    try await Self.ask(
      registry,
      [
        Call("PUT", Self.byTag, Self.typed, body: Fixture.manifest, 503, expects: again, text: "the clock is off"),
        Call("PUT", Self.byDigest, Self.typed, body: Fixture.manifest, 503, expects: again, text: "UNAVAILABLE"),
        Call("DELETE", Self.byTag, 503, expects: again), Call("DELETE", Self.byDigest, 503, expects: again),
        Call("GET", Self.byTag, 200), Call("HEAD", Self.byDigest, 200), Call("GET", "/v2/a/b/tags/list", 200),
        Fixture.push(Array("another".utf8), to: "a/b"),
      ])
    refusal.withLock { $0 = nil }
    try await Self.ask(registry, [Call("DELETE", Self.byTag, 202), Call("DELETE", Self.byDigest, 202)])
  }

  /// `push.ack: replicated`.
  @Test func aPushThatTooFewKeepIsAnsweredLaterAndStays() async throws {
    let (refusal, asked) = (Lock<RegistryError?>(RegistryError(.unavailable, "1 of 2 keep it")), Lock<[ImageName]>([]))
    let registry = TestRegistry(
      writing: NameWriting(
        refusal: { _ in nil }, wrote: {},
        kept: { images throws(RegistryError) in
          asked.withLock { $0 += images }
          if let refusal = refusal.withLock({ $0 }) { throw refusal }
        }))
    defer { registry.work.stop() }
    let again = [("Retry-After", "1" as String?)]
    try await Self.ask(
      registry,
      Fixture.blobs("a/b") + [
        Call("PUT", Self.byTag, Self.typed, body: Fixture.manifest, 503, expects: again, text: "1 of 2 keep it"),
        Call("GET", Self.byTag, 200), Call("GET", Self.byDigest, 200),
      ])
    refusal.withLock { $0 = nil }
    try await Self.ask(registry, [Fixture.put(Fixture.manifest, "a/b", "v1")])
    let image = "a/b@\(Fixture.manifestDigest)"
    #expect(asked.withLock { $0.map(\.description) } == [image, image])
  }

  @Test func oneRepositoryMayBeShutAndItsManifestIsNotEvenKept() async throws {
    let shut = try RepositoryName(parsing: "a/b")
    let registry = TestRegistry(
      writing: NameWriting(
        refusal: { $0 == shut ? RegistryError(.denied, "the policy does not let this node write it") : nil },
        wrote: {}))
    defer { registry.work.stop() }
    try await Self.ask(
      registry,
      Fixture.blobs("a/b") + Fixture.blobs("a/c") + [
        Call(
          "PUT", Self.byTag, Self.typed, body: Fixture.manifest, 403, expects: [("Retry-After", nil)],
          text: "DENIED"),
        // Not even looked at.
        Call("PUT", Self.byTag, Self.typed, body: [], 403), Call("GET", Self.byDigest, 404),
        Fixture.put(Fixture.manifest, "a/c", "v1"),
      ])
  }
}
