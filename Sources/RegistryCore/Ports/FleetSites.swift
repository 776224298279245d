/// Where members stand, and who brings a blob over a line between two sites. Any thread.
///
/// Contract: what does not ask a member does not block. A member fetches only what a present manifest of its own repository
/// of that name names, and for members of its own site alone. What it says is a rumour: whoever waits for it watches whether
/// bytes come.
public protocol FleetSites: Sendable {
  /// Whether such a line lies between this node and the member: both say where they stand, and that is not one site.
  func isFar(_ member: NodeID) -> Bool

  /// Whom to ask to bring a blob to this node's site, one after the other, before this node crosses the line itself. Empty:
  /// this node is to do it. `nil`: there is no line to be spared.
  func fetchers(of digest: Digest) -> [NodeID]?

  /// Has a member fetch a blob, if it has not begun, and lets this node into the blob's swarm there. May be asked again, to
  /// hear how far it is. `nil`: it does not, or did not answer in time.
  /// - Parameter ticket: is here already, and need not be sent again.
  func ask(
    _ member: NodeID, toFetch digest: Digest, in repository: RepositoryName, knowing ticket: SwarmTicket?
  ) async -> FetcherWord?
}

/// What a member says that was asked to fetch a blob for its site.
public struct FetcherWord: Hashable, Sendable {
  public let peer: SwarmPeer
  /// So many bytes of the blob came to it, by its own account.
  public let receivedBytes: Int64

  public init(_ peer: SwarmPeer, receivedBytes: Int64) { (self.peer, self.receivedBytes) = (peer, receivedBytes) }
}
