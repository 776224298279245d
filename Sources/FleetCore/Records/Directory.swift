import RegistryCore

/// What the records of one fleet say together: who belongs to it, who may let others in, what its policy is, and how far
/// each writer's log counts. The same records in any order, however often, make the same directory.
///
/// A value: copies share what neither has changed since (`NodeList`), so a thousand nodes of a simulation may each have
/// theirs.
public struct Directory: Sendable {
  /// How many nodes a fleet may have; an issuer lets no more in.
  public static let memberLimit = 20_000
  /// Nodes of which something is known, those that were removed too.
  static let nodeLimit = 65_536
  /// Subjects of kinds that only a later release knows.
  static let otherLimit = 1024
  /// Epochs of one node in which it was caught with two claims under one number; the earliest are kept. Who comes so far
  /// is no victim of a restored disk and has to be removed.
  static let forkLimit = 16

  public let fleet: FleetID
  public let fleetKey: PublicKey
  /// Says with sixteen bytes whether two nodes know the same.
  public internal(set) var digest = DirectoryDigest()
  /// Says to who knows more what is lacking here (`news`).
  public internal(set) var summary = ShelfSums()
  /// Who belongs to the fleet.
  public internal(set) var members = NodeList()
  /// Who belongs to the fleet and holds its key.
  public internal(set) var issuers = NodeList()

  var files = NodeShelves<NodeFile>()
  var policyRecord: StandingRecord?
  var others: [String: StandingRecord] = [:]
  /// Nodes of which not everything counts.
  var restricted: Set<NodeID> = []

  public init(fleetKey: PublicKey, notary: some FleetNotary) {
    self.fleetKey = fleetKey
    fleet = fleetKey.fleet(notary)
  }
}

/// All that stands of one node.
struct NodeFile: Sendable {
  var membership: StandingRecord?
  var issuance: StandingRecord?
  var forks: [StandingFork] = []

  var statement: Membership? {
    if case .member(_, let membership) = membership?.record.statement { membership } else { nil }
  }

  var isMember: Bool { statement?.isMember == true }

  /// It was said of this very life of the node that it may let nobody in.
  var isDemoted: Bool {
    guard let statement, statement.isMember, case .issuer(_, let issuance) = issuance?.record.statement else {
      return false
    }
    return !issuance.mayIssue && issuance.life == statement.life
  }

  /// Leave to let others in ends with the life that it was given for.
  var isIssuer: Bool {
    guard let statement, statement.isMember, case .issuer(_, let issuance) = issuance?.record.statement else {
      return false
    }
    return issuance.mayIssue && issuance.life == statement.life
  }
}

/// A record with its hash, by reference: what is kept in many directories is kept once.
final class StandingRecord: Sendable {
  let record: FleetRecord
  let hash: RecordHash

  init(_ record: FleetRecord, _ hash: RecordHash) {
    (self.record, self.hash) = (record, hash)
  }

  /// Which of two records of one subject stands. A removal is not undone by who does not know of it; else the higher
  /// number stands, and of records that do not know of each other the one with the higher hash.
  func stands(above other: StandingRecord) -> Bool {
    let (mine, others) = (record.statement.rank, other.record.statement.rank)
    if mine != others { return mine > others }
    if record.number != other.record.number { return record.number > other.record.number }
    return hash > other.hash
  }
}

final class StandingFork: Sendable {
  let proof: ForkProof
  let hash: RecordHash

  init(_ proof: ForkProof, _ hash: RecordHash) {
    (self.proof, self.hash) = (proof, hash)
  }

  /// Of two proofs against one writer the one that leaves less of its log.
  func stands(above other: StandingFork) -> Bool {
    (proof.sequence, hash) < (other.proof.sequence, other.hash)
  }
}

// Questions.
extension Directory {
  public func isMember(_ node: NodeID) -> Bool { members.contains(node) }

  /// May let others in.
  public func isIssuer(_ node: NodeID) -> Bool { issuers.contains(node) }

  /// Whether a member was told that it may let nobody in. Of one that was just handed the key nothing is said yet.
  public func isDemoted(_ node: NodeID) -> Bool { files[node]?.isDemoted == true }

  /// What stands of a node; `nil`: the fleet has never heard of it.
  public func membership(of node: NodeID) -> Membership? { files[node]?.statement }

  /// The key to check a node's signatures with, also of one that was removed.
  public func key(of node: NodeID) -> PublicKey? { membership(of: node)?.key }

  /// The record by which a node was put out. `nil`: it was not.
  public func removal(of node: NodeID) -> FleetRecord? {
    guard let file = files[node], file.statement?.isMember == false else { return nil }
    return file.membership?.record
  }

  /// Whether a record is what the fleet says of its subject.
  public func stands(_ record: FleetRecord, _ notary: some FleetNotary) -> Bool {
    standing(record.subject)?.hash == record.hash(notary)
  }

  /// The record that set the policy. `nil`: none did.
  public var standingPolicy: FleetRecord? { policyRecord?.record }

  /// The members that are called so. Names are for people, and nothing makes two different.
  public func members(named name: NodeName) -> [NodeID] { members.filter { membership(of: $0)?.name == name } }

  public var policy: FleetPolicy {
    if case .policy(let policy) = policyRecord?.record.statement { policy } else { FleetPolicy() }
  }

  /// Every record that stands.
  public var records: [FleetRecord] { (0..<ShelfSums.count).flatMap(records(onShelf:)) }

  public var forks: [ForkProof] { (0..<NodeList.shelfCount).flatMap(forks(onShelf:)) }

  /// What stands of one node.
  public func records(of node: NodeID) -> [FleetRecord] {
    [files[node]?.membership, files[node]?.issuance].compactMap { $0?.record }
  }

  func records(onShelf shelf: Int) -> [FleetRecord] {
    switch shelf {
    case ShelfSums.policyShelf: policyRecord.map { [$0.record] } ?? []
    case ShelfSums.otherShelf: others.sorted { $0.key < $1.key }.map(\.value.record)
    default: files.shelf(shelf).flatMap { [$0.membership, $0.issuance] }.compactMap { $0?.record }
    }
  }

  func forks(onShelf shelf: Int) -> [ForkProof] {
    shelf < NodeList.shelfCount ? files.shelf(shelf).flatMap { $0.forks.map(\.proof) } : []
  }
}
