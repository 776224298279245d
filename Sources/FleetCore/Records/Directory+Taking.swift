import RegistryCore

/// What became of a statement that somebody brought.
public enum Taking: Hashable, Sendable {
  /// It stands now: keep it, and tell others.
  case new
  /// It stands here already, or something that beats it does.
  case known
  case refused(Refusal)

  public enum Refusal: Hashable, Sendable {
    /// Of another fleet.
    case otherFleet
    /// The signature is not the fleet's, or the node's: who brings it lies, or was lied to.
    case forged
    /// It names a key that is not the node's.
    case otherKey
    /// Of a node that the fleet does not know, or knows no more.
    case stranger
    /// There are as many as this release bears.
    case full
  }
}

extension Directory {
  /// Takes in what somebody says the fleet says. What stands already is known without a signature being checked; what is
  /// new costs one check: for a thread that may be busy.
  public mutating func take(_ record: FleetRecord, notary: some FleetNotary) -> Taking {
    take(record, notary: notary) { record.isSigned(by: $0, notary) }
  }

  /// Takes in what this node took in before, from its own disk: signatures are not checked a second time.
  public mutating func restore(_ record: FleetRecord, notary: some FleetNotary) -> Taking {
    take(record, notary: notary) { _ in true }
  }

  private mutating func take(
    _ record: FleetRecord, notary: some FleetNotary, isSigned: (PublicKey) -> Bool
  ) -> Taking {
    guard record.draft.fleet == fleet else { return .refused(.otherFleet) }
    if case .member(let node, let membership) = record.statement, membership.key.node(notary) != node {
      return .refused(.otherKey)
    }
    let candidate = StandingRecord(record, record.hash(notary))
    let before = standing(record.subject)
    if let before, before.hash == candidate.hash || !candidate.stands(above: before) { return .known }
    guard before != nil || hasRoom(for: record.subject) else { return .refused(.full) }
    guard isSigned(fleetKey) else { return .refused(.forged) }
    put(candidate, insteadOf: before)
    return .new
  }

  /// Takes in a proof that a node used a number twice. It needs the node's record first: without its key it is a
  /// stranger's.
  public mutating func take(_ proof: ForkProof, notary: some FleetNotary) -> Taking {
    take(proof, notary: notary) { proof.isSigned(by: $0, notary) }
  }

  public mutating func restore(_ proof: ForkProof, notary: some FleetNotary) -> Taking {
    take(proof, notary: notary) { _ in true }
  }

  private mutating func take(
    _ proof: ForkProof, notary: some FleetNotary, isSigned: (PublicKey) -> Bool
  ) -> Taking {
    let node = proof.writer.node
    guard var file = files[node], let key = key(of: node) else { return .refused(.stranger) }
    let candidate = StandingFork(proof, proof.hash(notary))
    let place = file.forks.firstIndex { $0.proof.writer.epoch >= proof.writer.epoch } ?? file.forks.endIndex
    let before = place < file.forks.endIndex && file.forks[place].proof.writer == proof.writer ? file.forks[place] : nil
    if let before, !candidate.stands(above: before) { return .known }
    guard before != nil || place < Self.forkLimit else { return .refused(.full) }
    guard isSigned(key) else { return .refused(.forged) }
    let shelf = NodeList.shelf(of: node)
    if let before { forget(before.hash, on: shelf) }
    file.forks.replaceSubrange(place..<(before == nil ? place : place + 1), with: [candidate])
    note(candidate.hash, on: shelf)
    if file.forks.count > Self.forkLimit { forget(file.forks.removeLast().hash, on: shelf) }
    files[node] = file
    restricted.insert(node)
    return .new
  }
}

// How it is kept.
extension Directory {
  func standing(_ subject: FleetRecord.Subject) -> StandingRecord? {
    switch subject {
    case .member(let node): files[node]?.membership
    case .issuer(let node): files[node]?.issuance
    case .policy: policyRecord
    case .other(let text): others[text]
    }
  }

  private func hasRoom(for subject: FleetRecord.Subject) -> Bool {
    switch subject {
    case .member(let node), .issuer(let node): files.count < Self.nodeLimit || files[node] != nil
    case .policy: true
    case .other: others.count < Self.otherLimit
    }
  }

  private mutating func put(_ standing: StandingRecord, insteadOf before: StandingRecord?) {
    let shelf = standing.record.subject.shelf
    if let before { forget(before.hash, on: shelf) }
    note(standing.hash, on: shelf)
    switch standing.record.subject {
    case .member(let node): change(node) { $0.membership = standing }
    case .issuer(let node): change(node) { $0.issuance = standing }
    case .policy: policyRecord = standing
    case .other(let text): others[text] = standing
    }
  }

  /// Changes a node's file, and what follows from it.
  private mutating func change(_ node: NodeID, _ change: (inout NodeFile) -> Void) {
    var file = files[node] ?? NodeFile()
    change(&file)
    files[node] = file
    if file.isMember { members.insert(node) } else { members.remove(node) }
    if file.isIssuer { issuers.insert(node) } else { issuers.remove(node) }
    if let statement = file.statement, !statement.isMember || !statement.limits.isEmpty { restricted.insert(node) }
  }

  private mutating func note(_ hash: RecordHash, on shelf: Int) {
    digest.add(hash)
    summary.add(hash, on: shelf)
  }

  private mutating func forget(_ hash: RecordHash, on shelf: Int) {
    digest.subtract(hash)
    summary.subtract(hash, on: shelf)
  }
}

extension FleetRecord.Subject {
  var shelf: Int {
    switch self {
    case .member(let node), .issuer(let node): NodeList.shelf(of: node)
    case .policy: ShelfSums.policyShelf
    case .other: ShelfSums.otherShelf
    }
  }
}
