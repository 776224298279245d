import RegistryCore

/// A writer elsewhere, and all that it has said: signed by a `HashNotary` and chained.
public struct Scribe: Sendable {
  public let writer: WriterID
  public private(set) var claims: [SignedClaim] = []

  private let notary: HashNotary
  private var head: ClaimHead

  /// - Parameter byte: makes the node.
  public init(_ byte: UInt8, epoch: Int64 = 1, in fleet: FleetID = .none) {
    guard let node = NodeID([UInt8](repeating: byte, count: NodeID.byteCount)) else {
      preconditionFailure("a node's id has \(NodeID.byteCount) bytes")
    }
    self.init(WriterID(node: node, epoch: epoch), in: fleet)
  }

  public init(_ writer: WriterID, in fleet: FleetID = .none) {
    self.writer = writer
    notary = HashNotary(writer.node)
    head = notary.root(of: writer, in: fleet)
  }

  /// Goes on behind what another said under this name.
  public init(after run: ClaimRun) {
    writer = run.writer
    notary = HashNotary(run.writer.node)
    claims = run.claims
    head = ClaimHead(sequence: run.after, hash: notary.hash([]))
    if let last = run.claims.last {
      head = ClaimHead(sequence: last.body.sequence, hash: notary.hash(last.chainedBytes))
    }
  }

  @discardableResult
  public mutating func say(_ statement: Claim.Statement, at clock: HybridTime) -> SignedClaim {
    say(statement.name, value: statement.value, at: clock)
  }

  /// Also what makes no sense.
  @discardableResult
  public mutating func say(_ name: ClaimedName, value: [UInt8]?, at clock: HybridTime) -> SignedClaim {
    let body = SignedClaim.Body(
      writer: writer, sequence: head.sequence + 1, clock: clock, kind: name.kind, repository: name.repository,
      key: name.key, value: value, previous: head.hash)
    guard let claim = SignedClaim(body, signature: notary.sign(body.signedBytes)) else {
      preconditionFailure("a notary signs with \(SignedClaim.signatureByteCount) bytes")
    }
    claims.append(claim)
    head = ClaimHead(sequence: body.sequence, hash: notary.hash(claim.chainedBytes))
    return claim
  }

  /// Where its log ends: all of it, or its first claims.
  public func head(at sequence: Int64? = nil) -> ClaimHead {
    guard let sequence, sequence < head.sequence, let claim = claims.first(where: { $0.body.sequence == sequence })
    else { return head }
    return ClaimHead(sequence: sequence, hash: notary.hash(claim.chainedBytes))
  }

  /// - Parameter without: numbers that it has dropped.
  public func run(after: Int64 = 0, upTo last: Int64 = .max, without dropped: Set<Int64> = []) -> ClaimRun? {
    ClaimRun(
      after: after,
      claims.filter { claim in
        claim.body.sequence > after && claim.body.sequence <= last && !dropped.contains(claim.body.sequence)
      })
  }
}
