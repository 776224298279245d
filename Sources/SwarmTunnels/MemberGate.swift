import BlockingWork
import RegistryCore
import SwarmCore
import Wire

/// The gate before one member's listener at work: holds who came, unread, until the engine says that it was it. Any thread.
final class MemberGate: Sendable {
  /// Takes over a connection of the engine's, and for which torrent it is. Must not block.
  typealias LetIn = @Sendable (PlainSocket, [UInt8]) -> Void

  private struct State {
    var gate = TunnelGate()
    var held: [UInt64: PlainSocket] = [:]
    var next: UInt64 = 0
    var isClosed = false
  }

  private let state = Lock(State())
  /// The same for all who come here.
  private let near: PeerEndpoint
  private let meter: TunnelMeter
  private let letIn: LetIn

  init(at address: String, _ meter: TunnelMeter, _ letIn: @escaping LetIn) {
    near = PeerEndpoint(address: address, port: 0)
    (self.meter, self.letIn) = (meter, letIn)
  }

  func registered(_ far: PeerEndpoint, torrent: [UInt8]) {
    let steps = state.withLock { state in
      take(.registered(TunnelGate.Pair(near: near, far: far), torrent: torrent), &state)
    }
    perform(steps)
  }

  /// - Parameter streams: whose clock ends the wait.
  func accepted(_ socket: PlainSocket, from far: PeerAddress, _ streams: Streams) {
    guard case .network(let address, let port) = far else { return socket.cut() }
    let steps = state.withLock { state -> [Effect] in
      guard !state.isClosed else { return [.turnAway(socket)] }
      state.next += 1
      state.held[state.next] = socket
      let pair = TunnelGate.Pair(near: near, far: PeerEndpoint(address: address, port: port))
      return take(.accepted(pair, state.next), &state)
    }
    perform(steps)
    guard steps.isEmpty else { return }
    let patience = TunnelGate.Limits().acceptedPatience + 1000
    streams.call(after: .microseconds(patience)) { [weak self] in self?.tick() }
  }

  /// Whoever waits is turned away, and whoever comes later.
  func close() {
    let held = state.withLock { state in
      state.isClosed = true
      defer { state.held = [:] }
      return state.held.values.map { Effect.turnAway($0) }
    }
    perform(held)
  }

  private func tick() { perform(state.withLock { take(.tick, &$0) }) }

  private enum Effect: Sendable {
    case letIn(PlainSocket, [UInt8])
    case turnAway(PlainSocket)
  }

  private func take(_ event: TunnelGate.Event, _ state: inout State) -> [Effect] {
    state.gate.take(event, at: SwarmInstant(MonotonicClock.now / 1000)).compactMap { step in
      switch step {
      case .letIn(let number, let torrent):
        state.held.removeValue(forKey: number).map { .letIn($0, torrent) }
      case .turnAway(let number): state.held.removeValue(forKey: number).map { .turnAway($0) }
      }
    }
  }

  private func perform(_ effects: [Effect]) {
    for effect in effects {
      switch effect {
      case .letIn(let socket, let torrent): letIn(socket, torrent)
      case .turnAway(let socket):
        meter.unregistered.add()
        socket.cut()
      }
    }
  }
}
