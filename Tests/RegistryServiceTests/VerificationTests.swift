import RegistryCore
import RegistryService
import RegistryTesting
import Testing

struct VerificationTests {
  @Test func aRottenBlobIsFoundAndPutAside() async throws {
    let bench = Bench()
    let sound = try await bench.pushBlob(Bench.bytes("sound"))
    let rotten = try await bench.pushBlob(Bench.bytes("rotten"))
    bench.blobs.rot(rotten, to: Bench.bytes("r0tten"))
    let report = try await finish(bench.registry.verification(quarantines: true))
    #expect(report.checkedBlobs == 2)
    #expect(report.checkedBytes == 11)
    #expect(report.rotten == [rotten])
    #expect(report.quarantined == 1)
    #expect(try await bench.blobs.size(of: rotten) == nil)
    #expect(try await bench.blobs.size(of: sound) == 5)
    // A push heals.
    try await bench.pushBlob(Bench.bytes("rotten"))
    #expect(try await finish(bench.registry.verification(quarantines: true)).rotten.isEmpty)
  }

  /// A healing push that comes while the rot is being judged is not undone.
  @Test func aBlobThatWasHealedMeanwhileStays() async throws {
    let bench = Bench()
    let digest = try await bench.pushBlob(Bench.bytes("rotten"))
    bench.blobs.rot(digest, to: Bench.bytes("r0tten"))
    let walk = bench.registry.verification(quarantines: true)
    // The push holds the gate until it is done; the walk judges again behind it.
    async let report = finish(walk)
    try await bench.pushBlob(Bench.bytes("rotten"))
    _ = try await report
    #expect(try await bench.registry.blobs.holds(digest, in: Bench.repository) == (bench.blobs.size(of: digest) != nil))
  }

  @Test func aReportLeavesTheBlobWhereItIs() async throws {
    let bench = Bench()
    let rotten = try await bench.pushBlob(Bench.bytes("rotten"))
    bench.blobs.rot(rotten, to: Bench.bytes("r0tten"))
    let report = try await finish(bench.registry.verification(quarantines: false))
    #expect(report.rotten == [rotten])
    #expect(report.quarantined == 0)
    #expect(try await bench.blobs.size(of: rotten) == 6)
  }

  private func finish(_ walk: BlobVerification) async throws -> BlobVerificationReport {
    var last: BlobVerificationReport?
    while let step = try await walk.next() {
      if case .finished(let report) = step { last = report }
    }
    return try #require(last, "the walk ended without a report")
  }
}
