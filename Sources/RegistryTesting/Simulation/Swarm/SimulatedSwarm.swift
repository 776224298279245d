import FleetCore
import SwarmCore

/// A swarm in one process, in its own time: nodes with lines of a rate and a latency, BitTorrent's words between them,
/// and the product's state machines at both ends.
///
/// A line sends one packet at a time, in turns of its connections; a connection has so much under way as its window
/// allows. What control words wait for behind payload they wait for here too.
public final class SimulatedSwarm {
  enum Event {
    case arrive(Int)
    case connect(Int, Int)
    case sent(Int)
    /// Those it sends to have room again.
    case retry(Int)
    case reached(Int, from: Int, PeerID, [SwarmWord], bytes: Int)
    case delivered(Int, from: Int, PeerID, [SwarmWord], bytes: Int)
    case lost(Int, PeerID)
    case tick(Int)
    case look(Int)
    case end(Int)
  }

  let plan: SwarmPlan
  var members: [SimulatedMember]
  var queue = EventQueue<Event>()
  var now: SwarmInstant = 0
  var result = SwarmResult()
  private var connectionCount: UInt32 = 0
  private var unfinished = 0

  public init(_ plan: SwarmPlan) {
    self.plan = plan
    var chance = SplitMix64(seed: plan.seed)
    members = plan.nodes.map {
      SimulatedMember($0, bytes: plan.bytes, pieceBytes: plan.pieceBytes, seed: chance.next())
    }
    for (place, node) in plan.nodes.enumerated() {
      queue.add(.arrive(place), at: node.arrives)
      if let at = node.endsAt { queue.add(.end(place), at: at) }
      if !node.isOrigin, node.end == nil { unfinished += 1 }
    }
  }

  var pieceCount: Int { members[0].pieceCount }

  public func run() -> SwarmResult {
    while unfinished > 0, let (time, event) = queue.take(), time <= plan.limit {
      now = time
      result.events += 1
      handle(event)
    }
    summarize()
    return result
  }

  private func handle(_ event: Event) {
    switch event {
    case .arrive(let node): arrive(node)
    case .connect(let one, let other): connect(one, other)
    case .sent(let node):
      members[node].isSending = false
      pump(node)
    case .retry(let node):
      members[node].retriesAt = nil
      pump(node)
    case .reached(let node, let from, let number, let words, let bytes):
      guard !members[node].hasEnded else { return }
      let start = max(now, members[node].receivesFreeAt)
      let end = start + SwarmInstant(Double(bytes) / members[node].plan.rate * 1e6)
      members[node].receivesFreeAt = end
      queue.add(.delivered(node, from: from, number, words, bytes: bytes), at: end)
    case .delivered(let node, let from, let number, let words, let bytes):
      deliver(to: node, from: from, number, words, bytes)
    case .lost(let node, let number): lose(number, at: node)
    case .tick(let node): tick(node)
    case .look(let node): look(node)
    case .end(let node): end(node)
    }
  }

  // MARK: - Coming and going

  private func arrive(_ node: Int) {
    guard !members[node].hasEnded else { return }
    members[node].isThere = true
    members[node].waitsSince = now
    if members[node].isWhole { beginSeeding(node) }
    for other in members.indices where other != node && members[other].isThere && !members[other].hasEnded {
      queue.add(.connect(node, other), at: now + 3 * (members[node].plan.latency + members[other].plan.latency))
    }
    if !members[node].plan.isOrigin { queue.add(.look(node), at: now + Self.lookInterval) }
  }

  static let lookInterval: SwarmInstant = 250_000

  private func connect(_ one: Int, _ other: Int) {
    guard !members[one].hasEnded, !members[other].hasEnded else { return }
    connectionCount += 1
    let number = PeerID(connectionCount)
    let (a, b) = (members[one].plan, members[other].plan)
    let delay = Double(2 * (a.latency + b.latency)) / 1e6
    let window = 4 * SwarmWord.blockBytes + Int(2 * min(a.rate, b.rate) * delay)
    for (node, peer) in [(one, other), (other, one)] {
      members[node].places[number] = members[node].connections.count
      members[node].connections.append(
        SimulatedConnection(peer: peer, number: number, window: window, pieceCount: pieceCount, plan.depths))
    }
    greet(number, from: one, to: other)
    greet(number, from: other, to: one)
  }

  private func end(_ node: Int) {
    guard !members[node].hasEnded else { return }
    members[node].hasEnded = true
    guard members[node].plan.end == .killed else { return }
    for connection in members[node].connections where connection.isOpen {
      let latency = members[node].plan.latency + members[connection.peer].plan.latency
      queue.add(.lost(connection.peer, connection.number), at: now + latency)
    }
  }

  // MARK: - Lines

  func send(_ word: SwarmWord, on number: PeerID, from node: Int) {
    guard let place = members[node].places[number], members[node].connections[place].isOpen else { return }
    members[node].connections[place].send(word)
    pump(node)
  }

  /// The next packet, of the next connection whose turn it is.
  private func pump(_ node: Int) {
    guard !members[node].isSending, !members[node].hasEnded else { return }
    let count = members[node].connections.count
    var congestedUntil = SwarmInstant.max
    for step in 0..<count {
      let place = (members[node].turn + step) % count
      let connection = members[node].connections[place]
      guard connection.isOpen, !connection.isIdle,
        connection.bytesUnderWay == 0 || connection.bytesUnderWay + SwarmWord.blockBytes <= connection.window
      else { continue }
      let room = members[connection.peer].receivesFreeAt - Self.bufferedTime
      guard room <= now else {
        congestedUntil = min(congestedUntil, room)
        continue
      }
      members[node].turn = place + 1
      let (words, bytes) = members[node].connections[place].takePacket(pieceCount: pieceCount)
      members[node].connections[place].bytesUnderWay += bytes
      members[node].isSending = true
      noteSent(node, words)
      let sent = now + SwarmInstant(Double(bytes) / members[node].plan.rate * 1e6)
      let latency = members[node].plan.latency + members[connection.peer].plan.latency
      queue.add(.sent(node), at: sent)
      queue.add(
        .reached(connection.peer, from: node, connection.number, words, bytes: bytes), at: sent + latency)
      return
    }
    if congestedUntil < .max, congestedUntil < members[node].retriesAt ?? .max {
      members[node].retriesAt = congestedUntil
      queue.add(.retry(node), at: congestedUntil)
    }
  }

  /// What waits at the end of a line before its bytes get lost and their senders hold back.
  private static let bufferedTime: SwarmInstant = 50_000

  private func noteSent(_ node: Int, _ words: [SwarmWord]) {
    for word in words where word.isPayload { members[node].sentBytes += SwarmWord.blockBytes }
    if let copies = members[node].plan.endsAfterCopies,
      Double(members[node].sentBytes) >= copies * Double(plan.bytes)
    {
      queue.add(.end(node), at: now + 1)
    }
  }

  private func deliver(to node: Int, from: Int, _ number: PeerID, _ words: [SwarmWord], _ bytes: Int) {
    if let place = members[from].places[number] {
      members[from].connections[place].bytesUnderWay -= bytes
      pump(from)
    }
    guard !members[node].hasEnded, !members[from].hasEnded || members[from].plan.end == .silenced,
      let place = members[node].places[number], members[node].connections[place].isOpen
    else { return }
    for word in words { hear(word, at: node, place) }
    ask(node, at: place)
  }

  // MARK: - The end

  func noteWhole(_ node: Int) {
    members[node].wholeAt = now
    if members[node].plan.end == nil { unfinished -= 1 }
  }

  private func summarize() {
    var (redundant, needed, readable, readers) = (0, 0, 0.0, 0.0)
    for member in members {
      result.copies.append(Double(member.sentBytes) / Double(plan.bytes))
      redundant += member.redundantBytes
      if let counts = member.seed?.counts {
        result.counts.shown += counts.shown
        result.counts.shownAgain += counts.shownAgain
        result.counts.returned += counts.returned
        result.counts.opened += counts.opened
      }
      guard !member.plan.isOrigin, member.plan.end == nil else { continue }
      needed += plan.bytes
      result.took.append(member.wholeAt.map { $0 - member.plan.arrives })
      result.firstPieces.append(member.firstPieceAt.map { $0 - member.plan.arrives })
      if let half = member.readableAtHalf { (readable, readers) = (readable + half, readers + 1) }
    }
    result.redundant = needed == 0 ? 0 : Double(redundant) / Double(needed)
    result.readable = readers == 0 ? 0 : readable / readers
  }
}
