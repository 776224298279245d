/// The log of claims of all writers, for the exchange between members. What is in it is authentic: whoever calls `admit`
/// has checked the run (`ClaimRun.fault`).
///
/// Contract, checked by `ClaimLedgerContract`: each call is one transaction, durable on return. The state of every name
/// (`Names`, `Catalogue`) follows in the same transaction from the claims and the rules alone: the same claims and rules
/// in any order end in the same state.
public protocol ClaimLedger: Sendable {
  /// Under which name this node writes now.
  func writer() async throws(RegistryError) -> WriterID

  /// Where each writer's log ends here. A writer of which nothing is here is absent.
  func heads() async throws(RegistryError) -> [WriterID: ClaimHead]

  /// The claims of a writer behind a number, as many as fit into the limit and at least one; `nil`: there are none.
  func run(of writer: WriterID, after sequence: Int64, byteLimit: Int) async throws(RegistryError) -> ClaimRun?

  /// Takes a run in, from the first claim that is not here on. A claim that does not parse, or of an unknown kind, is
  /// kept and handed on, and says nothing about any name.
  ///
  /// `denied` is thrown when the writer's clock does not rise behind its last claim here; nothing is taken in.
  func admit(_ run: ClaimRun) async throws(RegistryError) -> Admission

  /// Decides anew what each name stands for. The rules are kept, in one transaction; the names may follow in several, and
  /// all have followed on return, or once the ledger is open again after a crash.
  func apply(_ rules: NameRules) async throws(RegistryError)

  /// Makes claims count that were dated ahead and are due now. What the node says itself and what is admitted does so
  /// first, too.
  /// - Returns: when to call again, by the wall clock; `nil`: nothing waits.
  func settleDue() async throws(RegistryError) -> HybridTime?

  /// From now on what is dated ahead is so by the wall clock and so much on top, also of what waits already. What counts
  /// goes on counting, and what this node says is dated by the wall clock alone. Not kept: a ledger opens with 0.
  func correctClock(by milliseconds: Int64) async throws(RegistryError)

  /// From now on this node writes under a later epoch, above every one that is known of it, here or elsewhere.
  /// - Parameters:
  ///   - floor: the highest that others know.
  ///   - stretch: what this node wrote under another of its names, that does not count there any more: it is said again, in
  ///     order and with its clocks.
  func beginEpoch(above floor: Int64, restating stretch: ClaimStretch?) async throws(RegistryError) -> WriterID

  /// Becomes part of a fleet: what this node's own log says, and nothing of other writers, is written again, in order and
  /// with its clocks, as the log of a new epoch whose chain is the fleet's.
  /// - Parameter restated: names whose word that stands here, whoever said it, is said once more, now, so that it beats
  ///   what the fleet says of them; `dropped`: names of which nothing is carried over.
  func rebase(
    onto fleet: FleetID, restating restated: Set<ClaimedName>, dropping dropped: Set<ClaimedName>
  ) async throws(RegistryError) -> WriterID
}

extension ClaimLedger {
  public func beginEpoch() async throws(RegistryError) -> WriterID { try await beginEpoch(above: 0, restating: nil) }
}

/// Claims of a writer with numbers above one and up to another.
public struct ClaimStretch: Hashable, Sendable {
  public let writer: WriterID
  public let after: Int64
  public let through: Int64

  public init(writer: WriterID, after: Int64, through: Int64) {
    (self.writer, self.after, self.through) = (writer, after, through)
  }
}

public enum Admission: Hashable, Sendable {
  /// All of it is here now, `added` of it new.
  case admitted(ClaimHead, added: Int)
  /// Something is missing between what is here and what the run follows (`after`): ask from here.
  case gap(ClaimHead)
  /// Another claim is here under this number.
  case forked(at: Int64)
}

/// What a claim is about.
public struct ClaimedName: Hashable, Sendable {
  public let repository: RepositoryName
  public let kind: ClaimKind
  public let key: [UInt8]

  public init(repository: RepositoryName, kind: ClaimKind, key: [UInt8]) {
    (self.repository, self.kind, self.key) = (repository, kind, key)
  }
}
