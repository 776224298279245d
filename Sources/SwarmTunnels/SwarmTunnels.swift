import BlockingWork
import OpenSSLKit
import RegistryCore
import SwarmCore
import Telemetry
import Wire

/// The ways between this node's torrent engine and other members: plain connections on loopback at both ends, and TLS with
/// both certificates over the fleet's port between them.
///
/// Made before the server that takes streams for it, and opened when that and the engine are there. The engine closes before
/// the tunnels do: what it still dialled could meet a local stranger otherwise.
public final class SwarmTunnels: SwarmWay, StreamTaker {
  /// By ALPN, in the server's `TLSContext` and its configuration's `takers`.
  public static let protocolName = TunnelPreface.protocolName

  public let meter = TunnelMeter()
  private let fleet: TunnelFleet
  private let limits: TunnelLimits
  private let names: BlockingPool
  private let log: Logger
  private let pool: IdlePool
  private let carried: CarriedConnections
  private let book = Lock(LoopbackBook())
  private let state = Lock(State())

  private struct State {
    var house: House?
    var listeners: [NodeID: MemberListener] = [:]
    /// By the address of the listener.
    var byAddress: [String: MemberListener] = [:]
    /// To the engine, and whether as one that is far.
    var admitted: [NodeID: Bool] = [:]
  }

  /// What it works with once it is open.
  private struct House: Sendable {
    let streams: Streams
    let door: any SwarmDoor
    let waker: any SwarmWaker
  }

  /// - Parameter names: threads for name lookups, which block.
  public init(_ fleet: TunnelFleet, limits: TunnelLimits = TunnelLimits(), names: BlockingPool, log: Logger) {
    (self.fleet, self.limits, self.names, self.log) = (fleet, limits, names, log)
    pool = IdlePool(limits, meter)
    carried = CarriedConnections(limits)
  }

  /// Once. From now on members are served, and found.
  public func open(_ streams: Streams, door: any SwarmDoor, waker: any SwarmWaker) {
    state.withLock { $0.house = House(streams: streams, door: door, waker: waker) }
  }

  /// Nothing is begun any more; what runs ends with the server. After the engine has closed.
  public func close() {
    let listeners = state.withLock { state in
      defer { state = State() }
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.close() }
    pool.close()
  }

  private var house: House? { state.withLock(\.house) }

  // MARK: - The way to other members

  public func endpoint(of member: NodeID) async throws(RegistryError) -> PeerEndpoint {
    guard !fleet.isBanned(member) else {
      throw RegistryError(.denied, "\(member) sent wrong bytes not long ago: no swarm leads to it")
    }
    if let listener = state.withLock({ $0.listeners[member] }) { return listener.endpoint }
    guard fleet.isMember(member) else { throw RegistryError(.denied, "\(member) is no member of the fleet") }
    guard let house else { throw RegistryError(.unavailable, "the ways to other members are not open") }
    guard let address = address(of: member), state.withLock({ $0.listeners.count }) < limits.members else {
      throw RegistryError(.unavailable, "there are too many members to have a way to each")
    }
    try admit(member, at: address, house.door)
    let listener = keep(try listener(for: member, at: address, house), for: member)
    // Removed in the meantime, the member was not met by the cut.
    guard fleet.isMember(member) else {
      cut([member])
      throw RegistryError(.denied, "\(member) is no member of the fleet")
    }
    return listener.endpoint
  }

  public func dialled(from local: PeerEndpoint, to remote: PeerEndpoint, for torrent: InfoHash) {
    guard let listener = state.withLock({ $0.byAddress[remote.address] }), listener.endpoint == remote else { return }
    listener.registered(local, torrent: torrent.short)
  }

  public func member(at address: String) -> NodeID? { book.withLock { $0.member(at: address) } }

  public func banned(_ address: String, from torrent: InfoHash) {
    if let member = member(at: address) { fleet.banned(member, torrent) }
  }

  /// Dials those of them to whom there is no tunnel yet: they are about to be asked for something.
  public func dialAhead(_ members: [NodeID]) {
    guard let outgoing else { return }
    for member in members.lazy.filter(fleet.takesPart).prefix(limits.dialledAhead) {
      // Unstructured: nobody waits for it, and it ends by its deadline.
      Task { await outgoing.dialAhead(member) }
    }
  }

  private var outgoing: Outgoing? {
    house.map {
      Outgoing(
        fleet: fleet, limits: limits, pool: pool, carried: carried, meter: meter, streams: $0.streams, names: names)
    }
  }

  private func address(of member: NodeID) -> String? { book.withLock { $0.address(of: member) } }

  private func listener(for member: NodeID, at address: String, _ house: House) throws(RegistryError) -> MemberListener
  {
    guard let outgoing else { throw RegistryError(.unavailable, "the ways to other members are closing") }
    do {
      return try MemberListener(at: address, house.streams, meter) { plain, torrent in
        // Unstructured: a connection's life is no scope. It ends with its socket or its stream, which the server cuts.
        Task { await outgoing.carry(plain, to: member, torrent) }
      }
    } catch {
      throw RegistryError(.unavailable, "there is no way to \(member) just now", cause: "\(error)")
    }
  }

  /// Two may have asked for the first time at once: then the first one's stays.
  private func keep(_ listener: MemberListener, for member: NodeID) -> MemberListener {
    let kept = state.withLock { state in
      guard state.house != nil, state.listeners[member] == nil else { return state.listeners[member] }
      state.listeners[member] = listener
      state.byAddress[listener.endpoint.address] = listener
      return listener
    }
    if kept !== listener { listener.close() }
    return kept ?? listener
  }

  // MARK: - What other members want

  public func take(_ stream: SecureStream) async {
    guard let house, let peer = stream.peer, let member = NodeID(peer.identity), fleet.isMember(member) else {
      meter.strangers.add()
      return
    }
    guard !fleet.isBanned(member) else {
      meter.banned.add()
      return
    }
    let incoming = Incoming(
      fleet: fleet, limits: limits, carried: carried, meter: meter, door: house.door, waker: house.waker,
      admit: { member throws(RegistryError) in
        guard let address = self.address(of: member) else { return nil }
        try self.admit(member, at: address, house.door)
        return address
      })
    await incoming.serve(stream, of: member)
    // Removed just while it was admitted.
    if !fleet.isMember(member) { cut([member]) }
  }

  private func admit(_ member: NodeID, at address: String, _ door: any SwarmDoor) throws(RegistryError) {
    let (known, isFar) = (state.withLock { $0.admitted[member] }, fleet.isFar(member))
    guard known != isFar else { return }
    if known == nil { try door.admit(address) }
    try door.place(address, isFar: isFar)
    state.withLock { $0.admitted[member] = isFar }
  }

  // MARK: - Bans and removal

  /// It is banned, which `TunnelFleet` says already: what tunnels carry to and from it ends. The engine's record of it stays,
  /// since pieces that it had a part in would be held against those who sent the rest.
  public func hangUp(on member: NodeID) {
    guard let house else { return }
    house.streams.endStreams { NodeID($0.identity) == member }
    pool.close(member)
  }

  /// These are members no more, which `isMember` says already: everything to and from them ends at once.
  public func cut(_ strangers: Set<NodeID>) {
    guard let house else { return }
    house.streams.endStreams { peer in NodeID(peer.identity).map { strangers.contains($0) } ?? true }
    for member in strangers {
      pool.close(member)
      guard let address = book.withLock({ $0.address(of: member) }) else { continue }
      dismiss(member, address, house.door)
    }
  }

  /// The engine first, so that it dials no port that is nobody's; where it will not listen the port stays ours.
  private func dismiss(_ member: NodeID, _ address: String, _ door: any SwarmDoor) {
    state.withLock { $0.admitted[member] = nil }
    do {
      // One that has closed lets nobody in.
      if door.doorstep != nil { try door.dismiss(address) }
    } catch {
      log.warning(
        "the torrent engine did not dismiss a member that was removed",
        LogField("member", member.description),
        LogField("reason", "\(error)"))
      return
    }
    let listener = state.withLock { state in
      state.byAddress[address] = nil
      return state.listeners.removeValue(forKey: member)
    }
    listener?.close()
  }
}
