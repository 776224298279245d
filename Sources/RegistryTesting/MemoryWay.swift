import BlockingWork
import RegistryCore

/// The way to members whose engines are in one `MemorySwarm`: each is found where it is, and nothing is carried.
public final class MemoryWay: SwarmWay {
  private let places = Lock<[NodeID: PeerEndpoint]>([:])

  public init() {}

  public func place(_ member: NodeID, at endpoint: PeerEndpoint) { places.withLock { $0[member] = endpoint } }

  public func endpoint(of member: NodeID) async throws(RegistryError) -> PeerEndpoint {
    guard let endpoint = places.withLock({ $0[member] }) else {
      throw RegistryError(.unavailable, "that member has no engine")
    }
    return endpoint
  }

  public func dialled(from local: PeerEndpoint, to remote: PeerEndpoint, for torrent: InfoHash) {}

  /// All are at one address.
  public func member(at address: String) -> NodeID? { nil }
}
