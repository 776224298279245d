/// The way from a torrent engine to other members: on loopback each of them has an address of its own, and what the engine
/// dials there is carried to it. Any thread may call.
public protocol SwarmWay: Sendable {
  /// Where the engine finds this member, from now on for minutes at least.
  func endpoint(of member: NodeID) async throws(RegistryError) -> PeerEndpoint

  /// The engine has dialled: a connection from `local` is its own and is carried on, any other is not. Must not block.
  func dialled(from local: PeerEndpoint, to remote: PeerEndpoint, for torrent: InfoHash)

  /// Whose address that is; `nil`: nobody's.
  func member(at address: String) -> NodeID?

  /// Who has that address sent what is not the torrent's, and has no more part in it. May be said again. Must not block.
  func banned(_ address: String, from torrent: InfoHash)
}

extension SwarmWay {
  public func banned(_ address: String, from torrent: InfoHash) {}
}

/// The door of a torrent engine that listens on loopback for what comes from other members, and for nobody else.
public protocol SwarmDoor: Sendable {
  /// Where it listens; `nil` before it does and after it has closed.
  var doorstep: PeerEndpoint? { get }

  /// One connection will come from exactly there, at once.
  func expect(_ peer: PeerEndpoint) throws(RegistryError)

  /// Connections may come from that address, and to it.
  func admit(_ address: String) throws(RegistryError)

  /// What goes there and comes from there shares the rates of far members, from the next connection on; or no more.
  func place(_ address: String, isFar: Bool) throws(RegistryError)

  /// They may no more, and those that stand end.
  func dismiss(_ address: String) throws(RegistryError)
}

/// Makes live what other members come for.
public protocol SwarmWaker: Sendable {
  /// Whether this member may have the torrent here, which is live then.
  /// - Parameter torrent: `InfoHash.short`, which is all that a handshake says.
  func wake(_ torrent: [UInt8], for member: NodeID) async -> Bool
}
