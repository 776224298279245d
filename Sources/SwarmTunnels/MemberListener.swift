import RegistryCore
import Wire

/// Where this node's engine finds one member: a port on that member's own address of this machine's loopback.
///
/// It stays as long as the member does, used or not: a port that was given back could be any local user's next, and what the
/// engine still dials there would be said to him.
final class MemberListener: Sendable {
  let endpoint: PeerEndpoint
  private let gate: MemberGate
  private let listener: PlainListener

  init(at address: String, _ streams: Streams, _ meter: TunnelMeter, _ letIn: @escaping MemberGate.LetIn) throws {
    let gate = MemberGate(at: address, meter, letIn)
    listener = try streams.listen(at: address) { socket, far in gate.accepted(socket, from: far, streams) }
    self.gate = gate
    guard case .network(let address, let port) = listener.place else {
      preconditionFailure("a TCP socket has an address and a port")
    }
    endpoint = PeerEndpoint(address: address, port: port)
  }

  /// The engine has dialled from there.
  func registered(_ far: PeerEndpoint, torrent: [UInt8]) { gate.registered(far, torrent: torrent) }

  func close() {
    gate.close()
    listener.close()
  }
}
