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

  /// Members that have a blob, whole or in part, or are getting it, for this repository. Those that answered let this node
  /// into the blob's swarm from then on, for minutes; their torrents are live. Empty: nobody said so in time.
  func swarm(of digest: Digest, in repository: RepositoryName, clues: BlobClues) async -> SwarmFinding

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

  /// Where they stand; `nil`: that is not known.
  var sites: (any FleetSites)? { get }
}

extension FleetBytes {
  public var sites: (any FleetSites)? { nil }

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
  /// Is here already, and its blob on its way: who has it by the same one need not send it again.
  public let ticket: SwarmTicket?
  /// Members that were named as being among those who have it or are getting it.
  public let named: [NodeID]
  /// Nobody is asked who stands at another site.
  public let isNearOnly: Bool

  public init(
    beside: [Digest] = [], writer: NodeID? = nil, ticket: SwarmTicket? = nil, named: [NodeID] = [],
    isNearOnly: Bool = false
  ) {
    (self.beside, self.writer, self.ticket, self.named) = (beside, writer, ticket, named)
    self.isNearOnly = isNearOnly
  }

  public var nearOnly: BlobClues {
    BlobClues(beside: beside, writer: writer, ticket: ticket, named: named, isNearOnly: true)
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

/// Who takes part in a blob's swarm, as members said.
public struct SwarmFinding: Hashable, Sendable {
  /// At most so many others are told of by one member, and so many peers are found at once.
  public static let memberLimit = 50

  /// Those that answered, whole ones first, and among these who answered first at the front.
  public let peers: [SwarmPeer]
  /// Named by them and not asked: they may let this node in, or not.
  public let others: [NodeID]

  public init(peers: [SwarmPeer] = [], others: [NodeID] = []) {
    self.peers = peers.filter(\.isWhole) + peers.filter { !$0.isWhole }
    self.others = others
  }

  public var holders: [Holding] {
    peers.filter(\.isWhole).map { Holding(member: $0.member, ticket: $0.ticket) }
  }

  public var isEmpty: Bool { peers.isEmpty }
}

/// A member that takes part in a blob's swarm.
public struct SwarmPeer: Hashable, Sendable {
  public let member: NodeID
  /// It has all the bytes and vouches for the ticket; else it hands on the one by which it fetches.
  public let isWhole: Bool
  public let ticket: SwarmTicket

  public init(member: NodeID, isWhole: Bool, ticket: SwarmTicket) {
    (self.member, self.isWhole, self.ticket) = (member, isWhole, ticket)
  }
}
