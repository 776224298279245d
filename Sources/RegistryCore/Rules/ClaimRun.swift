/// Claims of one writer in the order of their numbers, as one member hands them to another: all that it keeps behind
/// `after`, up to the last of these.
///
/// Numbers may be missing where the log was shortened (what lost long ago is dropped): each stretch without a gap is
/// authenticated by its last signature, since every claim names the one before it with its signature.
public struct ClaimRun: Hashable, Sendable {
  public let writer: WriterID
  public let after: Int64
  public let claims: [SignedClaim]

  /// `nil`: no claim, claims of several writers, or numbers that do not rise from `after`.
  public init?(after: Int64, _ claims: [SignedClaim]) {
    guard let first = claims.first, after >= 0, first.body.sequence > after,
      claims.allSatisfy({ $0.body.writer == first.body.writer }),
      zip(claims, claims.dropFirst()).allSatisfy({ $0.body.sequence < $1.body.sequence })
    else { return nil }
    (writer, self.after, self.claims) = (first.body.writer, after, claims)
  }

  public enum Fault: Hashable, Sendable {
    /// The signature at the end of a stretch is not the writer's: whoever sent this, or the writer, lies.
    case forged(sequence: Int64)
    /// It does not name the claim before it as it stands here.
    case broken(sequence: Int64)
    /// Signed by the writer, and it follows another claim than the one that is here under the number before: the writer
    /// has used a number twice.
    case forked(after: Int64)
    /// The writer's clock does not rise with its numbers.
    case unordered(sequence: Int64)
  }

  /// Checks everything that can be checked without a store. For a thread that may be busy: it hashes every claim and
  /// verifies one signature a stretch.
  /// - Parameter head: where the writer's log ends here.
  public func fault(after head: ClaimHead, notary: some ClaimNotary) -> Fault? {
    var before = head
    for (place, claim) in claims.enumerated() {
      let (sequence, follows) = (claim.body.sequence, claim.body.sequence == before.sequence + 1)
      if follows, claim.body.previous != before.hash {
        guard place == 0 else { return .broken(sequence: sequence) }
        return notary.isSigned(claim) ? .forked(after: before.sequence) : .forged(sequence: sequence)
      }
      if place > 0, claim.body.clock <= claims[place - 1].body.clock { return .unordered(sequence: sequence) }
      let endsStretch = place + 1 == claims.count || claims[place + 1].body.sequence != sequence + 1
      if endsStretch, !notary.isSigned(claim) { return .forged(sequence: sequence) }
      before = ClaimHead(sequence: sequence, hash: notary.hash(claim.chainedBytes))
    }
    return nil
  }
}

/// Hashes and signatures of claims, as a port: a simulation of a thousand nodes uses quick ones.
public protocol ClaimNotary: Sendable {
  func hash(_ bytes: [UInt8]) -> ClaimHash

  /// This node's signature: 64 bytes.
  func sign(_ bytes: [UInt8]) -> [UInt8]

  /// `false` also for a node whose key is not known.
  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID) -> Bool
}

extension ClaimNotary {
  public func isSigned(_ claim: SignedClaim) -> Bool {
    isSignature(claim.signature, of: claim.body.signedBytes, by: claim.body.writer.node)
  }

  /// The state of a writer that has written nothing.
  public func root(of writer: WriterID, in fleet: FleetID) -> ClaimHead {
    ClaimHead(sequence: 0, hash: hash(writer.rootBytes(in: fleet)))
  }
}
