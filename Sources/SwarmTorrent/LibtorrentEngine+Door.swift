import BlockingWork
import CTorrent
import RegistryCore

// The engine on loopback, between it and other members a way of tunnels.
extension LibtorrentEngine: SwarmDoor {
  public var doorstep: PeerEndpoint? { endpoint }

  /// One connection comes from exactly there within two seconds. Matters only with `SwarmOptions.expectedOnly`.
  public func expect(_ peer: PeerEndpoint) throws(RegistryError) {
    do throws(ShimFailure) { try session.expect(peer) } catch { throw RegistryError(error) }
  }

  /// Lets a peer's address in and out, if only registered ones are.
  public func admit(_ address: String) throws(RegistryError) {
    do throws(ShimFailure) { try session.admit(address) } catch { throw RegistryError(error) }
  }

  /// Takes it back: what is open with it is cut.
  public func dismiss(_ address: String) throws(RegistryError) {
    do throws(ShimFailure) { try session.dismiss(address) } catch { throw RegistryError(error) }
  }

  /// Who has that address is across a site's line, or is not any more: connections from now on share the far rates, or the
  /// near ones.
  public func place(_ address: String, isFar: Bool) throws(RegistryError) {
    do throws(ShimFailure) { try session.place(address, isFar: isFar) } catch { throw RegistryError(error) }
  }

  /// From now on each connection that is made is told to this way, on the pump's thread. `nil`: to none.
  public func lead(through way: (any SwarmWay)?) { self.way.withLock { $0 = way } }
}
