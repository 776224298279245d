import OpenSSLKit
import RegistryCore

/// What tunnels must know of the fleet. Asked anew at each connection, on any thread; must not block.
public struct TunnelFleet: Sendable {
  let isMember: @Sendable (NodeID) -> Bool
  let endpoints: @Sendable (NodeID) -> [PeerEndpoint]
  let isFar: @Sendable (NodeID) -> Bool
  let context: @Sendable () throws -> TLSClientContext

  /// - Parameters:
  ///   - isMember: now. Whoever was removed is no member before `SwarmTunnels.cut` is called.
  ///   - endpoints: of a member's fleet port, the likeliest first; an address may be a host's name.
  ///   - isFar: across a line between sites, whose rates are its own.
  ///   - context: shows this node's certificate, believes the fleet's, and offers `SwarmTunnels.protocolName` alone.
  public init(
    isMember: @escaping @Sendable (NodeID) -> Bool, endpoints: @escaping @Sendable (NodeID) -> [PeerEndpoint],
    isFar: @escaping @Sendable (NodeID) -> Bool = { _ in false },
    context: @escaping @Sendable () throws -> TLSClientContext
  ) {
    (self.isMember, self.endpoints, self.isFar, self.context) = (isMember, endpoints, isFar, context)
  }
}
