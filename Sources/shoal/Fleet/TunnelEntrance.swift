import BlockingWork
import SwarmTunnels
import Wire

/// Takes what members open at the fleet's port, which listens longer than a node is in one fleet, to the tunnels of the fleet
/// that it is in then. Where there is none nobody hears anything.
final class TunnelEntrance: StreamTaker {
  private let opened = Lock<SwarmTunnels?>(nil)

  var tunnels: SwarmTunnels? { opened.withLock { $0 } }

  func lead(to tunnels: SwarmTunnels?) { opened.withLock { $0 = tunnels } }

  func take(_ stream: SecureStream) async { await tunnels?.take(stream) }
}
