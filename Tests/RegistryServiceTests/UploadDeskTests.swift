import RegistryCore
import RegistryService
import RegistryTesting
import Testing

struct UploadDeskTests {
  private let content = Bench.bytes("hello, layer")

  @Test func aFinishedUploadIsABlobOfItsRepositoryAlone() async throws {
    let bench = Bench()
    let digest = try await bench.pushBlob(content)
    #expect(try await bench.registry.blobs.size(of: digest, in: Bench.repository) == Int64(content.count))
    let stranger = await code { () async throws(RegistryError) in
      try await bench.registry.blobs.size(of: digest, in: Bench.name("other"))
    }
    #expect(stranger == .blobUnknown)
    #expect(bench.registry.uploads.count == 0)
  }

  @Test func aSecondVisitorIsRefusedWhileTheFirstWrites() async throws {
    let bench = Bench()
    let first = try await bench.registry.uploads.begin(in: Bench.repository)
    let second = await code { () async throws(RegistryError) in try await bench.registry.uploads.visit(first.key) }
    #expect(second == .uploadRange)
    try await first.leave()
    let third = try await bench.registry.uploads.visit(first.key)
    await third.cancel()
  }

  @Test func theOffsetIsToldWhileAnotherRequestWrites() async throws {
    let bench = Bench()
    let visit = try await bench.registry.uploads.begin(in: Bench.repository)
    try await visit.append(content)
    #expect(try await bench.registry.uploads.offset(of: visit.key) == Int64(content.count))
    await visit.cancel()
  }

  @Test func anUploadGoesOnAfterARestart() async throws {
    let bench = Bench()
    let visit = try await bench.registry.uploads.begin(in: Bench.repository)
    try await visit.append(Array(content.prefix(5)))
    try await visit.leave()
    let later = bench.restarted()
    let resumed = try await later.uploads.visit(visit.key)
    #expect(resumed.offset == 5)
    try await resumed.append(Array(content.dropFirst(5)))
    #expect(try await resumed.finish(as: Digest(of: content)).size == Int64(content.count))
  }

  @Test func anUploadIsUnknownInAnotherRepository() async throws {
    let bench = Bench()
    let visit = try await bench.registry.uploads.begin(in: Bench.repository)
    try await visit.leave()
    let elsewhere = UploadKey(repository: Bench.name("other"), id: visit.key.id)
    let answer = await code { () async throws(RegistryError) in try await bench.registry.uploads.visit(elsewhere) }
    #expect(answer == .uploadUnknown)
  }

  @Test func aWrongDigestEndsTheUpload() async throws {
    let bench = Bench()
    let visit = try await bench.registry.uploads.begin(in: Bench.repository)
    try await visit.append(content)
    let answer = await code { () async throws(RegistryError) in
      try await visit.finish(as: Digest(of: Bench.bytes("else")))
    }
    #expect(answer == .digestInvalid)
    let again = await code { () async throws(RegistryError) in try await bench.registry.uploads.visit(visit.key) }
    #expect(again == .uploadUnknown)
  }

  @Test func aBlobOverTheLimitIsDropped() async throws {
    var limits = RegistryLimits()
    limits.blobBytes = 4
    let bench = Bench(limits: limits)
    let visit = try await bench.registry.uploads.begin(in: Bench.repository)
    try await visit.append(Bench.bytes("1234"))
    let answer = await code { () async throws(RegistryError) in try await visit.append(Bench.bytes("5")) }
    #expect(answer == .sizeInvalid)
    #expect(bench.registry.uploads.count == 0)
  }

  @Test func theLongestIdleUploadRestsWhenTheTableIsFull() async throws {
    var limits = RegistryLimits()
    limits.openUploads = 2
    let bench = Bench(limits: limits)
    let oldest = try await bench.registry.uploads.begin(in: Bench.repository)
    try await oldest.append(content)
    try await oldest.leave()
    bench.clock.move(seconds: 1)
    let busy = try await bench.registry.uploads.begin(in: Bench.repository)
    let third = try await bench.registry.uploads.begin(in: Bench.repository)
    #expect(bench.registry.uploads.count == 2)
    let full = await code { () async throws(RegistryError) in
      try await bench.registry.uploads.begin(in: Bench.repository)
    }
    #expect(full == .tooManyRequests)
    await busy.cancel()
    let resumed = try await bench.registry.uploads.visit(oldest.key)
    #expect(resumed.offset == Int64(content.count))
    await resumed.cancel()
    await third.cancel()
  }

  @Test func expiredUploadsAreSweptAndThoseAtWorkStay() async throws {
    let bench = Bench()
    let idle = try await bench.registry.uploads.begin(in: Bench.repository)
    try await idle.leave()
    let busy = try await bench.registry.uploads.begin(in: Bench.repository)
    bench.clock.move(seconds: 25 * 3600)
    for key in [idle.key, busy.key] { bench.staging.age(key, bySeconds: 25 * 3600) }
    #expect(try await bench.registry.uploads.sweep() == 1)
    try await busy.append(content)
    _ = try await busy.finish(as: Digest(of: content))
    let gone = await code { () async throws(RegistryError) in try await bench.registry.uploads.visit(idle.key) }
    #expect(gone == .uploadUnknown)
  }
}
