import SwarmCore

enum SwarmWord {
  case block(piece: Int, Int)
  case request(piece: Int, Int)
  case cancel(piece: Int, Int)
  case have(Int)
  case haveAll
  case bitfield([Range<Int>])
  case suggest(Int)

  static let blockBytes = 16 << 10

  func bytes(pieceCount: Int) -> Int {
    switch self {
    case .block: Self.blockBytes + 13
    case .request, .cancel: 17
    case .have, .suggest: 9
    case .haveAll: 5
    case .bitfield: 5 + pieceCount / 8
    }
  }

  var isPayload: Bool { if case .block = self { true } else { false } }
}

/// One end of a connection: what it sends, and what it knows of the other.
struct SimulatedConnection {
  let peer: Int
  /// The same connection, by its number, at the other end.
  let number: PeerID
  var isOpen = true
  // Sending.
  var waiting: [SwarmWord] = []
  var head = 0
  var bytesUnderWay = 0
  let window: Int
  // The other end.
  var has: [Bool]
  var isVeiled = false
  var hasUnveiled = false
  // Fetching from it.
  var requested: [(piece: Int, block: Int, at: SwarmInstant)] = []
  var current: Int?
  var lastBlock: SwarmInstant = 0
  var isSnubbed = false
  private var received = 0
  private var depth: RequestDepth
  private(set) var blocksInWhile = 0
  private var leastInWhile: SwarmInstant = .max

  init(peer: Int, number: PeerID, window: Int, pieceCount: Int, _ depths: RequestDepth.Rules) {
    (self.peer, self.number, self.window) = (peer, number, window)
    depth = RequestDepth(depths)
    has = [Bool](repeating: false, count: pieceCount)
  }

  /// A connection begins with few requests and gets one more for each block that comes.
  func limit(_ plan: SwarmPlan) -> Int { min(plan.queue, depth.depth, 4 + received) }

  mutating func noteBlock(_ piece: Int, _ block: Int, at now: SwarmInstant) {
    if let at = requested.firstIndex(where: { $0.piece == piece && $0.block == block }) {
      leastInWhile = min(leastInWhile, now - requested[at].at)
      requested.remove(at: at)
    }
    (lastBlock, isSnubbed) = (now, false)
    received += 1
    blocksInWhile += 1
  }

  mutating func look(_ interval: SwarmInstant, _ senders: Int) {
    if leastInWhile < .max { depth.note(blocks: blocksInWhile, delay: leastInWhile, over: interval, peers: senders) }
    (blocksInWhile, leastInWhile) = (0, .max)
  }

  var isIdle: Bool { head == waiting.count }

  mutating func send(_ word: SwarmWord) {
    if head > 256, head * 2 > waiting.count {
      waiting.removeFirst(head)
      head = 0
    }
    waiting.append(word)
  }

  /// Words that go together: one block, or what stands before the next one.
  mutating func takePacket(pieceCount: Int) -> (words: [SwarmWord], bytes: Int) {
    var (words, bytes) = ([SwarmWord](), 0)
    while head < waiting.count, words.count < 64 {
      let word = waiting[head]
      if word.isPayload, !words.isEmpty { break }
      words.append(word)
      bytes += word.bytes(pieceCount: pieceCount)
      head += 1
      if word.isPayload { break }
    }
    return (words, bytes)
  }

  /// A block that is not wanted any more, if it waits.
  mutating func drop(piece: Int, block: Int) {
    for at in head..<waiting.count {
      if case .block(piece, block) = waiting[at] {
        waiting.remove(at: at)
        return
      }
    }
  }
}
