/// Bytes that other members of the fleet hold. What they say is a rumour: whoever acts on it verifies, and tries the next.
///
/// Contract, checked end to end. Each question has a deadline of its own, shorter than a client's patience. A
/// member answers only for what it may: a blob that its own repository of that name is linked to, a manifest that is present
/// there. It never passes the question on.
public protocol FleetBytes: Sendable {
  /// Whether this node belongs to a fleet; false: it has what it has, and asks nobody. Any thread; does not block.
  var isJoined: Bool { get }

  /// Members that hold a blob whole, for this repository, the one to ask first at the front. Empty: nobody said so in time.
  func holders(of digest: Digest, in repository: RepositoryName, clues: BlobClues) async -> [Holding]

  /// Reads a part of a blob from a member, in order; returns when all of it was taken.
  /// - Parameter take: the next bytes; the member waits while it works. What it throws ends the transfer and is thrown on.
  func read(
    _ part: Range<Int64>, of digest: Digest, in repository: RepositoryName, from member: NodeID,
    take: @escaping @Sendable ([UInt8]) async throws(RegistryError) -> Void
  ) async throws(RegistryError)

  /// Whether this node is one of those that see to it that a manifest does not go with the node that took it: it fetches
  /// the bytes when it hears of it. Any thread; does not block.
  func keepsManifest(_ digest: Digest) -> Bool

  /// The bytes of a manifest from whoever has it; its size is known, and more is not taken. `nil`: nobody had it in time.
  /// - Parameter writer: who said that it is present, and had it then.
  func manifest(
    _ digest: Digest, size: Int, in repository: RepositoryName, writer: NodeID?
  ) async -> [UInt8]?
}

extension FleetBytes {
  public func holders(of digest: Digest, in repository: RepositoryName) async -> [Holding] {
    await holders(of: digest, in: repository, clues: BlobClues())
  }
}

/// What helps to find a blob.
public struct BlobClues: Hashable, Sendable {
  /// Blobs that will be looked for next: those of the same manifest.
  public let beside: [Digest]
  /// Who said that the manifest is present.
  public let writer: NodeID?

  public init(beside: [Digest] = [], writer: NodeID? = nil) {
    (self.beside, self.writer) = (beside, writer)
  }
}

/// A member that holds a blob, and the ticket that it vouches for: it has hashed all the bytes itself.
public struct Holding: Hashable, Sendable {
  public let member: NodeID
  public let ticket: SwarmTicket

  public init(member: NodeID, ticket: SwarmTicket) {
    self.member = member
    self.ticket = ticket
  }
}
