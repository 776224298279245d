import BlockingWork
import RegistryCore
import RegistryService
import Testing

struct NameReadingTests {
  private let repository = Bench.repository

  /// A fleet that this node has not heard for a while.
  private final class Fleet: Sendable {
    let asked = Lock<[NameReading.Subject]>([])
    let isFresh = Lock(false)
    let refuses: Bool

    init(refuses: Bool = false) { self.refuses = refuses }

    /// - Parameter answer: what members tell when they are asked.
    func reading(_ answer: @escaping @Sendable () async -> Void = {}) -> NameReading {
      NameReading(
        isFresh: { self.isFresh.withLock { $0 } },
        freshen: { subject in
          self.asked.withLock { $0.append(subject) }
          await answer()
          return self.refuses ? RegistryError(.unavailable, "nobody was heard") : nil
        })
    }
  }

  @Test func whoIsFreshAsksNobody() async throws {
    let fleet = Fleet()
    fleet.isFresh.withLock { $0 = true }
    let bench = Bench(reading: fleet.reading())
    _ = try await bench.pushImage("layer", tag: "v1")
    _ = try await bench.registry.manifests.resolve(.tag(Bench.tag("v1")), in: repository)
    #expect(fleet.asked.withLock { $0.isEmpty })
  }

  @Test func whoIsBehindAsksBeforeItTellsWhatATagNames() async throws {
    let fleet = Fleet()
    struct Deed {
      let run: @Sendable () async -> Void
    }
    let later = Lock<Deed?>(nil)
    let bench = Bench(reading: fleet.reading { await later.withLock { $0 }?.run() })
    _ = try await bench.pushImage("old", tag: "v1")
    let new = try await bench.pushImage("new", tag: "v2")
    let manifest = try await bench.image("new")
    later.withLock { held in
      held = Deed {
        _ = try? await bench.registry.manifests.push(
          manifest, contentType: Bench.imageType, to: .tag(Bench.tag("v1")), in: Bench.repository)
      }
    }
    #expect(try await bench.registry.manifests.resolve(.tag(Bench.tag("v1")), in: repository).digest == new)
  }

  @Test func aDigestThatIsKnownIsAnsweredAtOnceAndOneThatIsNotAfterAsking() async throws {
    let fleet = Fleet()
    let bench = Bench(reading: fleet.reading())
    let digest = try await bench.pushImage("layer", tag: "v1")
    _ = try await bench.registry.manifests.resolve(.digest(digest), in: repository)
    #expect(fleet.asked.withLock { $0.isEmpty })
    let absent = Digest(of: Bench.bytes("absent"))
    let answer = await code { () async throws(RegistryError) in
      _ = try await bench.registry.manifests.resolve(.digest(absent), in: repository)
    }
    #expect(answer == .manifestUnknown)
    #expect(fleet.asked.withLock { $0.count } == 1)
  }

  @Test func aFleetMayWantItToRefuse() async throws {
    let bench = Bench(reading: Fleet(refuses: true).reading())
    let digest = try await bench.pushImage("layer", tag: "v1")
    let answer = await code { () async throws(RegistryError) in
      _ = try await bench.registry.manifests.resolve(.tag(Bench.tag("v1")), in: repository)
    }
    #expect(answer == .unavailable)
    #expect(try await bench.registry.manifests.resolve(.digest(digest), in: repository).digest == digest)
  }

  @Test func whoAnswersAMemberAsksNoOther() async throws {
    let fleet = Fleet()
    let bench = Bench(reading: fleet.reading())
    _ = try await bench.pushImage("layer", tag: "v1")
    _ = try await bench.registry.manifests.resolveHere(.tag(Bench.tag("v1")), in: repository)
    #expect(fleet.asked.withLock { $0.isEmpty })
  }
}
