import BlockingWork
import FleetCore
import RegistryCore

/// The ledger's port over a `MemoryLog`: the model that the real one is compared with. Nothing is durable.
public final class MemoryLedger<Notary: ClaimNotary>: ClaimLedger, LogShortening {
  private struct State {
    var log: MemoryLog
    /// The latest time that the wall clock has shown: when it is set back, what counted goes on counting.
    var wall: Int64 = 0
    var clockCorrection: Int64 = 0
    /// When that was told: their time goes on from there, whatever the wall clock here is set to.
    var told: (membersTime: Int64, at: ContinuousClock.Instant)?
  }

  private let state: Lock<State>
  private let notary: Notary
  private let clock: any WallClock

  public init(node: NodeID, fleet: FleetID = .none, notary: Notary, clock: any WallClock) {
    var log = MemoryLog(node: node, fleet: fleet)
    log.isUnderstood = { Claim.Statement($0, value: $1) != nil }
    (self.notary, self.clock) = (notary, clock)
    state = Lock(State(log: log))
  }

  /// A claim of the node's own.
  public func say(_ name: ClaimedName, _ value: [UInt8]?) {
    now { log, _ in _ = log.write(name, value, wall: clock.millisecondsSince1970, notary: notary) }
  }

  /// The value that a name has now; `nil`: it names nothing.
  public func standing(_ name: ClaimedName) -> [UInt8]? {
    state.withLock { $0.log.winner(of: name, wall: $0.wall)?.value }
  }

  public func writer() async throws(RegistryError) -> WriterID { state.withLock { $0.log.writer } }

  public func heads() async throws(RegistryError) -> [WriterID: ClaimHead] { state.withLock { $0.log.heads } }

  public func run(
    of writer: WriterID, after sequence: Int64, byteLimit: Int
  ) async throws(RegistryError) -> ClaimRun? {
    state.withLock { $0.log.run(of: writer, after: sequence, byteLimit: byteLimit) }
  }

  public func admit(_ run: ClaimRun) async throws(RegistryError) -> Admission {
    now { log, wall in log.admit(run, wall: wall, notary: notary) }
  }

  public func apply(_ rules: NameRules) async throws(RegistryError) { now { log, _ in log.apply(rules) } }

  public func settleDue() async throws(RegistryError) -> HybridTime? {
    let due = now { log, wall in log.settleDue(wall: wall) }
    let correction = state.withLock { $0.clockCorrection }
    return due.map { HybridTime(milliseconds: $0.milliseconds - correction) }
  }

  public func correctClock(by milliseconds: Int64) async throws(RegistryError) {
    let membersTime = clock.millisecondsSince1970 + milliseconds
    state.withLock { state in
      (state.clockCorrection, state.told) = (milliseconds, milliseconds == 0 ? nil : (membersTime, .now))
    }
    now { _, _ in }
  }

  public func beginEpoch(
    above floor: Int64, restating stretch: ClaimStretch?
  ) async throws(RegistryError) -> WriterID {
    now { log, _ in
      let wall = clock.millisecondsSince1970
      _ = log.beginEpoch(above: floor, restating: stretch, wall: wall, notary: notary)
      return log.writer
    }
  }

  public func rebase(
    onto fleet: FleetID, restating restated: Set<ClaimedName>, dropping dropped: Set<ClaimedName>
  ) async throws(RegistryError) -> WriterID {
    now { log, wall in
      log.rebase(onto: fleet, restating: restated, dropping: dropped, wall: wall, notary: notary)
      return log.writer
    }
  }

  public func shortenLog(
    to retention: ClaimRetention, forgetting: Forgettable
  ) async throws(RegistryError) -> ShortenedLog {
    now { log, wall in log.shorten(to: retention, forgetting: forgetting, wall: wall) }
  }

  private static func now(_ told: (membersTime: Int64, at: ContinuousClock.Instant)) -> Int64 {
    told.membersTime + Int64(told.at.duration(to: .now) / .milliseconds(1))
  }

  /// One transaction. What is due counts before anything else happens.
  private func now<Result>(_ body: (inout MemoryLog, Int64) -> Result) -> Result {
    state.withLock { state in
      state.wall = max(state.wall, state.told.map(Self.now) ?? clock.millisecondsSince1970)
      _ = state.log.settleDue(wall: state.wall)
      return body(&state.log, state.wall)
    }
  }
}
