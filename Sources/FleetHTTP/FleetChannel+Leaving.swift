import CurlKit
import FleetCore
import RegistryCore

// What a node that is about to leave asks the others.
extension FleetChannel {
  private static let lookPatience = Duration.seconds(2)
  /// The member may have to find who has it.
  private static let keepPatience = Duration.seconds(10)
  private static let removalPatience = Duration.seconds(3)

  /// What a member lacks of an image. `nil`: it did not say, or knows of no such manifest there.
  public func lacking(
    of digest: Digest, in repository: RepositoryName, on member: NodeID
  ) async -> Set<Digest>? {
    let bytes = await fetch(
      .lacking(digest, repository), from: member, at: addresses(of: member),
      HTTPPatience(whole: Self.lookPatience), atMost: LeavingBytes.byteLimit)
    return bytes.flatMap { LeavingBytes.digests(in: $0) }
  }

  /// Asks a member to take an image in. Whether it does is seen by `lacking`.
  public func keep(_ digest: Digest, in repository: RepositoryName, on member: NodeID) async {
    _ = await fetchInTurn(
      .keep(digest, repository), from: member, HTTPPatience(whole: Self.keepPatience), atMost: 1024)
  }

  /// Asks an issuer to put this node out. `nil`: it did not, or not yet: it may lack claims of this node.
  /// - Parameters:
  ///   - heads: how far this node's log goes.
  ///   - addresses: where the issuer is reached, for a node that is at no table yet.
  public func removal(
    by issuer: NodeID, at addresses: [MemberAddress]? = nil, having heads: [Int64: Int64]
  ) async -> FleetRecord? {
    let bytes = await fetch(
      .leave, from: issuer, at: addresses ?? self.addresses(of: issuer), sending: LeavingBytes.heads(heads),
      HTTPPatience(whole: Self.removalPatience), atMost: FleetRecord.byteLimit)
    return bytes.flatMap { FleetRecord(bytes: $0) }
  }
}
