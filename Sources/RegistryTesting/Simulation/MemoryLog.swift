import FleetCore
import RegistryCore

/// A ledger of claims as a value: a copy of it is a backup of its disk. Each call is one transaction.
public struct MemoryLog: Sendable {
  public private(set) var writer: WriterID
  public private(set) var fleet: FleetID
  public private(set) var rules = NameRules()
  public private(set) var heads: [WriterID: ClaimHead] = [:]
  private var logs: [WriterID: [SignedClaim]] = [:]
  private(set) var names: [ClaimedName: [Candidate]] = [:]
  private var waiting: [HybridTime] = []
  private var clock = HybridTime(rawValue: 0)
  private var highestEpoch: Int64
  /// Whether a claim says something of its name. What says nothing is kept and handed on.
  public var isUnderstood: @Sendable (ClaimedName, [UInt8]?) -> Bool = { _, _ in true }
  /// What a simulation does wrong on purpose.
  public var faults: Set<PlantedFault> = []

  struct Candidate: Sendable {
    let claim: NameCandidate
    let value: [UInt8]?
  }

  public init(node: NodeID, fleet: FleetID) {
    (writer, self.fleet) = (WriterID(node: node, epoch: 1), fleet)
    highestEpoch = 1
  }
}

// Reading.
extension MemoryLog {
  public var count: Int { logs.values.reduce(0) { $0 + $1.count } }

  public var allNames: Set<ClaimedName> { Set(names.keys) }

  public func claim(_ sequence: Int64, of writer: WriterID) -> SignedClaim? {
    guard let log = logs[writer] else { return nil }
    let place = Self.place(behind: sequence - 1, in: log)
    return place < log.count && log[place].body.sequence == sequence ? log[place] : nil
  }

  public func run(of writer: WriterID, after sequence: Int64, byteLimit: Int) -> ClaimRun? {
    guard let log = logs[writer] else { return nil }
    let start = Self.place(behind: sequence, in: log)
    var (end, room) = (start, byteLimit)
    while end < log.count {
      room -= log[end].bytes.count
      if room < 0, end > start { break }
      end += 1
    }
    return start < end ? ClaimRun(after: sequence, Array(log[start..<end])) : nil
  }

  /// What a name stands for, and since which claim; `nil`: nobody has said anything that counts.
  public func winner(of name: ClaimedName, wall: Int64) -> (value: [UInt8]?, claim: NameCandidate)? {
    guard let candidates = names[name] else { return nil }
    let now = faults.contains(.ignoredFence) ? Int64.max / 2 : wall
    guard let winner = rules.winner(among: candidates.map(\.claim), kind: name.kind, in: name.repository, now: now)
    else { return nil }
    return (candidates.first { $0.claim == winner }?.value, winner)
  }

  /// Whether a claim that this node has just written decides. It is dated after all that counts, so that only the rules can
  /// speak against it.
  func stands(_ own: SignedClaim.Body) -> Bool {
    let candidate = NameCandidate(own)
    guard own.kind == .tag, rules.immutableSince(in: own.repository) != nil else {
      return rules.mayWrite(own.writer.node, own.repository) && own.sequence <= rules.limit(of: own.writer)
    }
    return winner(of: own.name, wall: own.clock.milliseconds - NameRules.fenceMilliseconds)?.claim == candidate
  }

  /// The first place behind a number.
  private static func place(behind sequence: Int64, in log: [SignedClaim]) -> Int {
    var (low, high) = (0, log.count)
    while low < high {
      let middle = (low + high) / 2
      if log[middle].body.sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

// Writing.
extension MemoryLog {
  /// Says something under this node's own name.
  public mutating func write(
    _ name: ClaimedName, _ value: [UInt8]?, wall: Int64, notary: some ClaimNotary
  ) -> SignedClaim {
    clock = clock.next(wallClockMilliseconds: wall)
    return append(name, value, at: clock, notary: notary)
  }

  private mutating func append(
    _ name: ClaimedName, _ value: [UInt8]?, at time: HybridTime, notary: some ClaimNotary
  ) -> SignedClaim {
    var head = heads[writer] ?? notary.root(of: writer, in: fleet)
    if faults.contains(.reusedSequence), head.sequence > 0, head.sequence % 4 == 0, let log = logs[writer],
      log.count > 1
    {
      head = ClaimHead(sequence: head.sequence - 1, hash: notary.claimHash(log[log.count - 2]))
      logs[writer]?.removeLast()
    }
    let body = SignedClaim.Body(
      writer: writer, sequence: head.sequence + 1, clock: time, kind: name.kind, repository: name.repository,
      key: name.key, value: value, previous: head.hash)
    let claim = SignedClaim(body, signature: notary.sign(body.signedBytes))!
    keep(claim, hash: notary.claimHash(claim), wall: time.milliseconds)
    return claim
  }

  public mutating func admit(_ run: ClaimRun, wall: Int64, notary: some ClaimNotary) -> Admission {
    let head = heads[run.writer] ?? notary.root(of: run.writer, in: fleet)
    guard run.after <= head.sequence else { return .gap(head) }
    let fresh = run.claims.filter { $0.body.sequence > head.sequence }
    for claim in run.claims where claim.body.sequence <= head.sequence {
      if let mine = self.claim(claim.body.sequence, of: run.writer), mine.body != claim.body {
        return .forked(at: claim.body.sequence)
      }
    }
    if let first = fresh.first, first.body.sequence == head.sequence + 1, first.body.previous != head.hash {
      return .forked(at: head.sequence)
    }
    for claim in fresh { keep(claim, hash: notary.claimHash(claim), wall: wall) }
    return .admitted(heads[run.writer] ?? head, added: fresh.count)
  }

  private mutating func keep(_ claim: SignedClaim, hash: ClaimHash, wall: Int64) {
    let body = claim.body
    logs[body.writer, default: []].append(claim)
    heads[body.writer] = ClaimHead(sequence: body.sequence, hash: hash)
    if body.writer.node == writer.node { highestEpoch = max(highestEpoch, body.writer.epoch) }
    if body.clock.milliseconds <= wall + NameRules.fenceMilliseconds {
      clock = max(clock, body.clock)
    } else {
      waiting.append(body.clock)
    }
    if faults.contains(.droppedTombstone), body.value == nil, body.writer != writer { return }
    guard isUnderstood(body.name, body.value) else { return }
    names[body.name, default: []].append(Candidate(claim: NameCandidate(body), value: body.value))
  }

  mutating func drop(_ claims: Set<NameCandidate>, of name: ClaimedName) {
    guard !claims.isEmpty else { return }
    names[name]?.removeAll { claims.contains($0.claim) }
    if names[name]?.isEmpty ?? false { names[name] = nil }
    for claim in claims {
      guard let log = logs[claim.writer] else { continue }
      let place = Self.place(behind: claim.sequence - 1, in: log)
      if place < log.count, log[place].body.sequence == claim.sequence { logs[claim.writer]?.remove(at: place) }
    }
  }

  public mutating func apply(_ rules: NameRules) {
    if !faults.contains(.ignoredRules) { self.rules = rules }
  }

  /// Merges into the clock what is due now.
  /// - Returns: when the next claim will be.
  public mutating func settleDue(wall: Int64) -> HybridTime? {
    let fence = HybridTime(milliseconds: wall + NameRules.fenceMilliseconds + 1)
    for due in waiting where due < fence { clock = max(clock, due) }
    waiting.removeAll { $0 < fence }
    return waiting.min().map { HybridTime(milliseconds: $0.milliseconds - NameRules.fenceMilliseconds) }
  }

  /// - Returns: what was restated.
  public mutating func beginEpoch(
    above epoch: Int64, restating old: ClaimStretch?, wall: Int64, notary: some ClaimNotary
  ) -> [SignedClaim] {
    highestEpoch = max(highestEpoch, epoch) + 1
    writer = WriterID(node: writer.node, epoch: highestEpoch)
    guard let old else { return [] }
    let stretch = (logs[old.writer] ?? []).filter { old.after < $0.body.sequence && $0.body.sequence <= old.through }
    let said = Set(stretch.map(\.body))
    clock = HybridTime(rawValue: 0)
    for claim in claims where !said.contains(claim.body) && !waiting.contains(claim.body.clock) {
      clock = max(clock, claim.body.clock)
    }
    return stretch.map { carry($0.body, wall: wall, notary: notary) }
  }

  /// Says it again, under its clock unless that was far ahead.
  private mutating func carry(_ body: SignedClaim.Body, wall: Int64, notary: some ClaimNotary) -> SignedClaim {
    let isAhead = body.clock.milliseconds > wall + NameRules.fenceMilliseconds
    let last = logs[writer]?.last?.body.clock ?? HybridTime(rawValue: 0)
    let time = max(isAhead ? HybridTime(milliseconds: wall) : body.clock, HybridTime(rawValue: last.rawValue + 1))
    return append(body.name, body.value, at: time, notary: notary)
  }

  /// Forgets all but what this node said, and says that again as a member of a fleet.
  public mutating func rebase(
    onto fleet: FleetID, restating restated: Set<ClaimedName>, dropping dropped: Set<ClaimedName>, wall: Int64,
    notary: some ClaimNotary
  ) {
    let words = restated.subtracting(dropped).compactMap { name in winner(of: name, wall: wall).map { (name, $0.value) }
    }
    let own = logs.filter { $0.key.node == writer.node }.flatMap(\.value).sorted { $0.body.clock < $1.body.clock }
    (logs, names, heads, waiting, self.fleet) = ([:], [:], [:], [], fleet)
    clock = HybridTime(rawValue: 0)
    highestEpoch += 1
    writer = WriterID(node: writer.node, epoch: highestEpoch)
    for claim in own {
      let name = claim.body.name
      guard !dropped.contains(name) else { continue }
      _ = carry(claim.body, wall: wall, notary: notary)
    }
    for (name, value) in words.sorted(by: { $0.0.key.lexicographicallyPrecedes($1.0.key) }) {
      _ = write(name, value, wall: wall, notary: notary)
    }
  }
}

extension ClaimNotary {
  fileprivate func claimHash(_ claim: SignedClaim) -> ClaimHash { hash(claim.chainedBytes) }
}

extension MemoryLog {
  public var claims: some Sequence<SignedClaim> { logs.values.joined() }
}
