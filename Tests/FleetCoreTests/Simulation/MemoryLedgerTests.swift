import BlockingWork
import RegistryCore
import RegistryTesting
import Testing

/// The ledger of the simulation keeps the contract of the ledger on disk.
@Suite struct MemoryLedgerTests {
  @Test(arguments: ClaimLedgerContract.clauses) func theMemoryLedgerKeepsTheContract(_ clause: LedgerClause)
    async throws
  {
    try await clause.check(Self.subject())
  }

  @Test(arguments: [1, 2, 3, 4]) func claimsAndRulesInAnyOrderEndInTheSameState(seed: UInt64) async throws {
    try await ClaimLedgerContract.anyOrder(seed: seed).check(Self.subject())
  }

  private static func subject() -> LedgerSubject {
    let (clock, node) = (MovedClock(), NodeID([UInt8](repeating: 77, count: NodeID.byteCount))!)
    let ledger = MemoryLedger(node: node, notary: HashNotary(node), clock: clock)
    return LedgerSubject(
      ledger: ledger, node: node, claim: { ledger.say($0.name, $0.value) }, standing: { ledger.standing($0) },
      now: { clock.millisecondsSince1970 }, moveClock: { clock.move(by: $0) })
  }
}

private final class MovedClock: WallClock {
  private let now = Lock(SimulatedClock.start)

  var millisecondsSince1970: Int64 { now.withLock { $0 } }

  func move(by milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}
