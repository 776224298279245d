import OpenSSLKit
import RegistryCore

/// What tunnels must know of the fleet. Asked anew at each connection, on any thread; must not block.
public struct TunnelFleet: Sendable {
  let isMember: @Sendable (NodeID) -> Bool
  let isBanned: @Sendable (NodeID) -> Bool
  let banned: @Sendable (NodeID, InfoHash) -> Void
  let endpoints: @Sendable (NodeID) -> [PeerEndpoint]
  let isFar: @Sendable (NodeID) -> Bool
  let context: @Sendable () throws -> TLSClientContext

  /// - Parameters:
  ///   - isMember: now. Whoever was removed is no member before `SwarmTunnels.cut` is called.
  ///   - isBanned: it sent wrong bytes not long ago: there are no tunnels to it, nor from it.
  ///   - banned: told whom the engine found to send them, in which torrent; may be told again.
  ///   - endpoints: of a member's fleet port, the likeliest first; an address may be a host's name.
  ///   - isFar: across a line between sites, whose rates are its own.
  ///   - context: shows this node's certificate, believes the fleet's, and offers `SwarmTunnels.protocolName` alone.
  public init(
    isMember: @escaping @Sendable (NodeID) -> Bool,
    isBanned: @escaping @Sendable (NodeID) -> Bool = { _ in false },
    banned: @escaping @Sendable (NodeID, InfoHash) -> Void = { _, _ in },
    endpoints: @escaping @Sendable (NodeID) -> [PeerEndpoint],
    isFar: @escaping @Sendable (NodeID) -> Bool = { _ in false },
    context: @escaping @Sendable () throws -> TLSClientContext
  ) {
    (self.isBanned, self.banned) = (isBanned, banned)
    (self.isMember, self.endpoints, self.isFar, self.context) = (isMember, endpoints, isFar, context)
  }

  /// Whether connections with it are carried.
  func takesPart(_ member: NodeID) -> Bool { isMember(member) && !isBanned(member) }
}
