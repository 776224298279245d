import BlockingWork
import RegistryCore
import Wire

/// Tunnels that were dialled and wait for their next connection. Any thread.
final class IdlePool: Sendable {
  private struct Idle {
    let stream: SecureStream
    let until: UInt64
  }

  private struct State {
    var streams: [NodeID: [Idle]] = [:]
    var count = 0
    var isSwept = false
    var isClosed = false
  }

  private let state = Lock(State())
  private let limits: TunnelLimits
  private let meter: TunnelMeter

  init(_ limits: TunnelLimits, _ meter: TunnelMeter) { (self.limits, self.meter) = (limits, meter) }

  func has(_ member: NodeID) -> Bool { state.withLock { $0.streams[member] != nil } }

  /// The one that was used last; it may be just about to close.
  func take(_ member: NodeID) -> SecureStream? {
    state.withLock { state in
      while let idle = state.streams[member]?.popLast() {
        settle(member, &state)
        if idle.stream.isOpen { return idle.stream }
      }
      return nil
    }
  }

  /// - Parameter streams: whose clock ends the wait.
  func put(_ stream: SecureStream, of member: NodeID, _ streams: Streams) {
    let idle = Idle(stream: stream, until: MonotonicClock.now + limits.idleDeadline.clampedNanoseconds)
    let (isTaken, mustSweep) = state.withLock { state in
      let own = state.streams[member]?.count ?? 0
      guard !state.isClosed, stream.isOpen, own < limits.idleOfMember, state.count < limits.idle else {
        return (false, false)
      }
      state.streams[member, default: []].append(idle)
      state.count += 1
      meter.idle.set(Int64(state.count))
      defer { state.isSwept = true }
      return (true, !state.isSwept)
    }
    if !isTaken { stream.close() }
    if mustSweep { sweepLater(streams) }
  }

  /// Closes those of one member, or all; of all, for ever.
  func close(_ member: NodeID? = nil) {
    let closing = state.withLock { state -> [Idle] in
      guard let member else {
        defer { (state.streams, state.count, state.isClosed) = ([:], 0, true) }
        return state.streams.values.flatMap(\.self)
      }
      let own = state.streams.removeValue(forKey: member) ?? []
      state.count -= own.count
      return own
    }
    meter.idle.set(Int64(state.withLock(\.count)))
    for idle in closing { idle.stream.close() }
  }

  /// One was taken out of a member's.
  private func settle(_ member: NodeID, _ state: inout State) {
    if state.streams[member]?.isEmpty == true { state.streams[member] = nil }
    state.count -= 1
    meter.idle.set(Int64(state.count))
  }

  private func sweepLater(_ streams: Streams) {
    streams.call(after: limits.idleDeadline) { [weak self] in self?.sweep(streams) }
  }

  private func sweep(_ streams: Streams) {
    let now = MonotonicClock.now
    let (closing, goesOn) = state.withLock { state -> ([SecureStream], Bool) in
      var closing: [SecureStream] = []
      for (member, own) in state.streams {
        let late = own.filter { $0.until <= now || !$0.stream.isOpen }
        guard !late.isEmpty else { continue }
        closing += late.map(\.stream)
        let left = own.filter { $0.until > now && $0.stream.isOpen }
        state.streams[member] = left.isEmpty ? nil : left
      }
      state.count -= closing.count
      meter.idle.set(Int64(state.count))
      state.isSwept = state.count > 0
      return (closing, state.isSwept)
    }
    for stream in closing { stream.close() }
    if goesOn { sweepLater(streams) }
  }
}
