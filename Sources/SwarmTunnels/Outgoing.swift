import BlockingWork
import RegistryCore
import SwarmCore
import Wire

/// Carries what this node's engine dials to the member that was meant.
struct Outgoing: Sendable {
  let fleet: TunnelFleet
  let limits: TunnelLimits
  let pool: IdlePool
  let carried: CarriedConnections
  let meter: TunnelMeter
  let streams: Streams
  /// For name lookups, which block.
  let names: BlockingPool

  /// Until the connection has ended. It is closed then.
  func carry(_ plain: PlainSocket, to member: NodeID, _ torrent: [UInt8]) async {
    guard fleet.takesPart(member), let preface = TunnelPreface(torrent: torrent), carried.enter(member) else {
      meter.refused.add()
      return plain.cut()
    }
    meter.outgoing.add(1)
    await carry(plain, to: member, preface)
    meter.outgoing.add(-1)
    carried.leave(member)
  }

  private func carry(_ plain: PlainSocket, to member: NodeID, _ preface: TunnelPreface) async {
    // One that waited may have been closed by the other end in this very moment: then there is a fresh one.
    while let stream = pool.take(member) {
      if await offer(plain, preface, to: member, over: stream, isUsedAgain: true) { return }
    }
    if let stream = await dial(member), await offer(plain, preface, to: member, over: stream) { return }
    plain.cut()
  }

  /// So that a tunnel is there when it is needed.
  func dialAhead(_ member: NodeID) async {
    guard !pool.has(member), let stream = await dial(member) else { return }
    settle(stream, of: member)
  }

  /// False when the stream did not answer; it is closed then, and nothing of the connection was read.
  private func offer(
    _ plain: PlainSocket, _ preface: TunnelPreface, to member: NodeID, over stream: SecureStream,
    isUsedAgain: Bool = false
  ) async -> Bool {
    // Whoever was removed or banned while it was dialled was not met by the cut.
    guard fleet.takesPart(member) else {
      stream.cut()
      return false
    }
    let answer: TunnelPreface.Answer?
    do throws(StreamFailure) {
      try await stream.send(preface.bytes, within: limits.answerDeadline)
      answer = TunnelPreface.Answer(rawValue: try await stream.receive(1, within: limits.answerDeadline)[0])
    } catch {
      stream.close()
      return false
    }
    guard let answer else {
      stream.cut()
      return false
    }
    if isUsedAgain { meter.reused.add() }
    await act(on: answer, plain, member, stream)
    return true
  }

  private func act(
    on answer: TunnelPreface.Answer, _ plain: PlainSocket, _ member: NodeID, _ stream: SecureStream
  ) async {
    guard answer == .go else {
      meter.refused.add()
      plain.cut()
      return settle(stream, of: member)
    }
    let ending = await stream.splice(
      with: plain, framed: TunnelFraming(), halfOpenPatience: limits.halfOpenDeadline, meter: meter.bytes)
    if ending == .whole { settle(stream, of: member) }
  }

  private func settle(_ stream: SecureStream, of member: NodeID) {
    pool.put(stream, of: member, streams)
    // In the pool a cut finds it by its certificate; one that came before has not.
    if !fleet.takesPart(member) { pool.close(member) }
  }

  /// At the first of its addresses that leads to it, and to nobody else.
  private func dial(_ member: NodeID) async -> SecureStream? {
    let deadline = MonotonicClock.now + limits.dialDeadline.clampedNanoseconds
    for endpoint in fleet.endpoints(member) {
      for place in await places(of: endpoint) {
        let now = MonotonicClock.now
        guard now < deadline else { break }
        if let stream = await dial(member, place, within: .nanoseconds(Int64(deadline - now))) { return stream }
      }
    }
    meter.unreached.add()
    return nil
  }

  private func dial(_ member: NodeID, _ place: PeerAddress, within patience: Duration) async -> SecureStream? {
    do {
      let stream = try await streams.dial(
        place, with: try fleet.context(), expecting: member.bytes, speaking: TunnelPreface.protocolName,
        within: patience)
      meter.dialled.add()
      return stream
    } catch {
      // Counted when none of its addresses is left; the channel goes on without tunnels and says what is wrong there.
      return nil
    }
  }

  private func places(of endpoint: PeerEndpoint) async -> [PeerAddress] {
    do {
      return try await names.run { () throws(StreamFailure) in
        try Streams.lookUp(host: endpoint.address, port: endpoint.port)
      }
    } catch {
      return []
    }
  }
}
