import RegistryCore
import RegistryTesting
import Testing

@testable import BlobStoreDisk

/// A kill leaves the page cache whole and so proves nothing about fsync: here the disk itself forgets.
@Suite struct CrashTests {
  private static let seed: UInt64 = 20_260_101

  @Test func whatIsAcknowledgedSurvivesACrashAfterAnyStep() async throws {
    let past = try await Past.recorded { $0 }
    var violations: [String] = []
    var crashes = 0
    for step in 0...past.records.count {
      // What survives by chance is tried three times.
      for (turn, survival) in (Survival.allCases + [.someOfAll, .someOfAll]).enumerated() {
        crashes += 1
        let seed = Self.seed + UInt64(step * 10 + turn)
        violations += try await past.violations(afterCrashAt: step, keeping: survival, seed: seed)
      }
    }
    print("\(crashes) crashes over \(past.records.count) steps, seed \(Self.seed)")
    #expect(crashes >= 1000)
    #expect(violations.isEmpty, "\(violations.count) violations: \(violations.prefix(5))")
  }

  @Test func whatIsAcknowledgedAfterAKillSurvivesTheCrashThatFollows() async throws {
    let past = try await Past.recorded { $0 }
    var violations: [String] = []
    for step in 0...past.records.count {
      violations += try await past.violations(afterKillAt: step, seed: Self.seed + UInt64(step))
    }
    print("\(past.records.count + 1) kills, each with a crash after it, seed \(Self.seed)")
    #expect(violations.isEmpty, "\(violations.count) violations: \(violations.prefix(5))")
  }

  /// Another thread may have made a folder and not come to its sync yet.
  @Test func aFolderThatIsThereIsNotTakenForDurable() async throws {
    let files = RecordingFileSystem()
    let digest = Digest.hashing([1])
    let layout = DiskLayout(root: ObservedLife.dataFolder)
    for path in ["/srv", layout.root] { try files.makeFolder(path) }
    for path in ["/", "/srv"] { try files.syncFolder(path) }
    for path in [layout.blobs, "\(layout.blobs)/sha256", layout.blobFolder(of: digest)] { try files.makeFolder(path) }
    try await ObservedLife(on: files, history: CrashHistory(files: files)).put([1])
    let disk = files.origin.crashed(after: files.records.map(\.step), keeping: .nothing, seed: 0)
    #expect(disk.everyFile().map(\.path) == [layout.blob(digest)])
  }

  @Test(arguments: ForgetfulFileSystem.Fault.allCases)
  func aStoreThatLeavesOutASyncIsFoundOut(_ fault: ForgetfulFileSystem.Fault) async throws {
    let past = try await Past.recorded { ForgetfulFileSystem(inner: $0, fault: fault) }
    var found: Set<Survival> = []
    for step in stride(from: 0, through: past.records.count, by: 5) {
      for survival in Survival.allCases
      where try await !past.violations(afterCrashAt: step, keeping: survival, seed: Self.seed).isEmpty {
        found.insert(survival)
      }
    }
    // Also where the first crash happens to lose nothing, since there is a second one.
    #expect(found == Set(Survival.allCases))
  }
}

/// One recorded life and how the next ones begin from any moment of it.
private struct Past: Sendable {
  let records: [RecordingFileSystem.Record]
  let history: CrashHistory
  private let wrap: @Sendable (RecordingFileSystem) -> any FileSystem

  static func recorded(under wrap: @escaping @Sendable (RecordingFileSystem) -> any FileSystem) async throws -> Past {
    let files = RecordingFileSystem()
    let life = try ObservedLife(on: wrap(files), history: CrashHistory(files: files))
    try await life.liveThrough()
    return Past(records: files.records, history: life.history, wrap: wrap)
  }

  /// The power fails; the node starts again and goes on with its uploads; the power fails once more.
  func violations(afterCrashAt step: Int, keeping survival: Survival, seed: UInt64) async throws -> [String] {
    let disk = MemoryDisk().crashed(after: records.prefix(step).map(\.step), keeping: survival, seed: seed)
    let files = RecordingFileSystem(origin: disk)
    return try await violations(on: files, after: step, seed: seed).map { "step \(step), \(survival): \($0)" }
  }

  /// The node is killed, so that all is still in the page cache and nothing more of it on the disk; the next life takes
  /// the same blobs once more, and then the power fails.
  func violations(afterKillAt step: Int, seed: UInt64) async throws -> [String] {
    let files = RecordingFileSystem(records: records.prefix(step))
    return try await violations(on: files, after: step, seed: seed).map { "step \(step), kill: \($0)" }
  }

  private func violations(on files: RecordingFileSystem, after step: Int, seed: UInt64) async throws -> [String] {
    let expectation = history.expectation(afterSteps: step)
    var violations = CrashLaws.namesAreTrue(on: files.disk)
    let life = try ObservedLife(on: wrap(files), history: CrashHistory(files: files, past: expectation))
    violations += try await CrashLaws.acknowledgedIsThere(expectation, in: life.stores)
    violations += try await CrashLaws.uploadsGoOnOrAreGone(expectation, in: life)
    try await life.doAgain(expectation)
    violations += CrashLaws.namesAreTrue(on: files.disk)
    return violations + (try await violationsAfterSecondCrash(of: files, life.history, seed: seed))
  }

  private func violationsAfterSecondCrash(of files: RecordingFileSystem, _ history: CrashHistory, seed: UInt64)
    async throws -> [String]
  {
    let survival: Survival = seed.isMultiple(of: 2) ? .nothing : .someOfAll
    let disk = files.origin.crashed(after: files.records.map(\.step), keeping: survival, seed: seed)
    let last = RecordingFileSystem(origin: disk)
    let life = try ObservedLife(on: last, history: CrashHistory(files: last))
    return CrashLaws.namesAreTrue(on: disk)
      + (try await CrashLaws.acknowledgedIsThere(history.expectation(afterSteps: .max), in: life.stores))
  }
}
