/// What is tried on the bytes at the start of a tunnel, on the frames in it, and on the gate before it. Compiled together with
/// the cores' own files by `Tests/Fuzz/run`. The first byte says which.
func fuzzTunnel(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return 0 }
  let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
  switch start[0] % 3 {
  case 0: readPreface(bytes)
  case 1: readFrames(Array(bytes.dropFirst()), cutAt: Int(bytes[0]))
  default: passGate(bytes)
  }
  return 0
}

private func readPreface(_ bytes: [UInt8]) {
  guard let preface = TunnelPreface(bytes: bytes) else { return }
  precondition(preface.bytes == bytes, "another preface when it is told on")
}

// MARK: Frames

private struct Outcome: Equatable {
  var payload: [UInt8] = []
  var taken = 0
  var hasEnded = false
  var isAtStart = true
  var error: TunnelFrameReader.Malformed?
}

/// Wherever the input is cut, it says the same; and what was read is written the same.
private func readFrames(_ bytes: [UInt8], cutAt place: Int) {
  let cut = place * bytes.count / 255
  let whole = read([bytes])
  precondition(whole == read([Array(bytes[..<cut]), Array(bytes[cut...])]), "where the input is cut made a difference")
  precondition(whole.taken <= bytes.count && whole.payload.count <= whole.taken, "more than there was")
  guard whole.error == nil, !whole.payload.isEmpty else { return }
  let head = TunnelFrames.head(of: min(whole.payload.count, TunnelFrames.payloadByteLimit))
  let framed = [head.0, head.1, head.2] + whole.payload.prefix(TunnelFrames.payloadByteLimit)
  precondition(read([framed]).payload == Array(framed.dropFirst(TunnelFrames.headByteCount)), "another payload")
}

private func read(_ pieces: [[UInt8]]) -> Outcome {
  var reader = TunnelFrameReader()
  var outcome = Outcome()
  do throws(TunnelFrameReader.Malformed) {
    for piece in pieces {
      var (cursor, isDone) = (0, false)
      defer { outcome.taken += cursor }
      while !isDone {
        let before = cursor
        switch try reader.step(piece.span, &cursor) {
        case .payload(let range):
          precondition(
            !range.isEmpty && range.lowerBound >= before && range.upperBound == cursor, "bytes that are not there")
          outcome.payload += piece[range]
        case .ended, .needsMore: isDone = true
        }
      }
    }
  } catch {
    outcome.error = error
  }
  outcome.hasEnded = reader.hasEnded
  outcome.isAtStart = reader.isAtStart
  return outcome
}

// MARK: The gate

/// Whatever happens in whatever order: who is let in was registered, each registration lets in one, nobody is told twice.
private func passGate(_ bytes: [UInt8]) {
  var limits = TunnelGate.Limits()
  (limits.accepted, limits.registered) = (4, 4)
  var gate = TunnelGate(limits)
  var (now, next): (SwarmInstant, UInt64) = (0, 0)
  var (open, registrations): ([UInt64: Int], [Int: Int]) = ([:], [:])
  for start in stride(from: 0, to: bytes.count - 2, by: 3) {
    let (place, chance) = (Int(bytes[start + 1] % 8), bytes[start + 2])
    let event: TunnelGate.Event
    switch bytes[start] % 4 {
    case 0:
      registrations[place, default: 0] += 1
      event = .registered(pair(place), torrent: [UInt8(place)])
    case 1:
      next += 1
      open[next] = place
      event = .accepted(pair(place), next)
    case 2:
      let number = UInt64(chance)
      open[number] = nil
      event = .gone(number)
    default:
      now += SwarmInstant(chance) * 10_000
      event = .tick
    }
    for step in gate.take(event, at: now) {
      switch step {
      case .letIn(let number, let torrent):
        guard let place = open.removeValue(forKey: number), let left = registrations[place], left > 0 else {
          preconditionFailure("let in a stranger")
        }
        precondition(torrent == [UInt8(place)], "for another torrent")
        registrations[place] = left - 1
      case .turnAway(let number): precondition(open.removeValue(forKey: number) != nil, "turned away twice")
      }
    }
    precondition(open.count <= limits.accepted, "more wait than may")
  }
  now += limits.registeredPatience
  for case .turnAway(let number) in gate.take(.tick, at: now) { open[number] = nil }
  precondition(open.isEmpty && gate.nextTick == nil, "somebody waits for ever")
}

private func pair(_ place: Int) -> TunnelGate.Pair {
  TunnelGate.Pair(
    near: PeerEndpoint(address: "127.77.1.1", port: 1), far: PeerEndpoint(address: "127.0.0.1", port: UInt16(place)))
}
