import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

@testable import FleetService

/// How much of a log counts when its node is put out.
@Suite struct DueClaimsTests {
  private final class Clock: WallClock {
    let now = Lock<Int64>(1_700_000_000_000)
    var millisecondsSince1970: Int64 { now.withLock { $0 } }
  }

  private static let node = NodeID([UInt8](repeating: 7, count: NodeID.byteCount))!

  /// Claims one second apart, each of a name of its own.
  private func log(of count: Int) throws -> (ledger: MemoryLedger<HashNotary>, start: Int64) {
    let clock = Clock()
    let start = clock.millisecondsSince1970
    let ledger = MemoryLedger(node: Self.node, notary: HashNotary(Self.node), clock: clock)
    let repository = try RepositoryName(parsing: "team/app")
    for number in 1...count {
      clock.now.withLock { $0 += 1000 }
      ledger.say(ClaimedName(repository: repository, kind: .tag, key: Array("\(number)".utf8)), nil)
    }
    return (ledger, start)
  }

  @Test(arguments: [1, 2, 3, 10, 64, 101]) func theEndOfWhatIsDueIsFoundWhereverItLies(_ count: Int) async throws {
    let (ledger, start) = try log(of: count)
    let writer = try await ledger.writer()
    for due in 0...count {
      let found = try await ledger.lastDue(in: writer, upTo: Int64(count), by: start + Int64(due) * 1000 + 500)
      #expect(found == Int64(due), "\(due) of \(count)")
    }
  }

  @Test func aLogOfNothingHasNothingDue() async throws {
    let (ledger, start) = try log(of: 1)
    let stranger = WriterID(node: Self.node, epoch: 99)
    #expect(try await ledger.lastDue(in: stranger, upTo: 0, by: start) == 0)
  }
}
