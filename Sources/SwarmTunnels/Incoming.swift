import OpenSSLKit
import RegistryCore
import SwarmCore
import Wire

/// Carries what other members dial to this node's engine: one connection after the other, over one tunnel.
struct Incoming: Sendable {
  let fleet: TunnelFleet
  let limits: TunnelLimits
  let carried: CarriedConnections
  let meter: TunnelMeter
  let door: any SwarmDoor
  let waker: any SwarmWaker
  /// The member's address on loopback, which the engine lets in. `nil`: all are given.
  let admit: @Sendable (NodeID) throws(RegistryError) -> String?

  /// Until the tunnel ends, or its member is one no more. Whoever is none hears nothing.
  func serve(_ stream: SecureStream, of member: NodeID) async {
    do throws(StreamFailure) {
      while let preface = try await next(stream), fleet.takesPart(member) {
        guard try await serve(preface, stream, member) else { return }
      }
    } catch {
      // The tunnel has ended, as each does some time.
    }
  }

  /// `nil`: what came is no preface.
  private func next(_ stream: SecureStream) async throws(StreamFailure) -> TunnelPreface? {
    TunnelPreface(bytes: try await stream.receive(TunnelPreface.byteCount, within: limits.prefaceDeadline))
  }

  /// One connection. False when the tunnel has ended.
  private func serve(_ preface: TunnelPreface, _ stream: SecureStream, _ member: NodeID) async throws(StreamFailure)
    -> Bool
  {
    guard preface.version == TunnelPreface.version else { return try await refuse(.unsupported, stream) }
    guard carried.enter(member) else { return try await refuse(.busy, stream) }
    defer { carried.leave(member) }
    guard await waker.wake(preface.torrent, for: member) else { return try await refuse(.unknown, stream) }
    // While it woke.
    guard fleet.takesPart(member) else { return false }
    guard let plain = knock(for: member) else { return try await refuse(.busy, stream) }
    meter.incoming.add(1)
    defer { meter.incoming.add(-1) }
    try await stream.send([TunnelPreface.Answer.go.rawValue], within: limits.answerDeadline)
    let ending = await stream.splice(
      with: plain, framed: TunnelFraming(), halfOpenPatience: limits.halfOpenDeadline, meter: meter.bytes)
    return ending == .whole
  }

  private func refuse(_ answer: TunnelPreface.Answer, _ stream: SecureStream) async throws(StreamFailure) -> Bool {
    meter.refused.add()
    try await stream.send([answer.rawValue], within: limits.answerDeadline)
    return true
  }

  /// A connection to the engine, which has been told from where it comes. `nil`: the engine is not there.
  private func knock(for member: NodeID) -> PlainSocket? {
    guard let doorstep = door.doorstep else { return nil }
    do {
      guard let address = try admit(member) else { return nil }
      let plain = try PlainSocket.bound(to: address)
      guard case .network(let address, let port) = plain.local else { return nil }
      try door.expect(PeerEndpoint(address: address, port: port))
      try plain.connect(to: .network(address: doorstep.address, port: doorstep.port))
      return plain
    } catch {
      return nil
    }
  }
}
