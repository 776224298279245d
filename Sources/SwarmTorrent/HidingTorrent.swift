import CTorrent
import SwarmCore

/// One torrent that is hidden: the machines of both its sides, what its peers say going in, what is to be done coming out.
struct HidingTorrent: Sendable {
  enum Step: Hashable, Sendable {
    case show(PeerID, [Int])
    case open(PeerID)
    case cut(PeerID)
    case suggest(PeerID, [Int])
    case deepen(PeerID, Int)
  }

  /// Pieces that readers wait for; the oldest are forgotten.
  private static let mostWanted = 64

  let pieceCount: Int
  private var seed: HiddenSeed
  private var veils: SeedVeils
  private var depths: [PeerID: RequestDepth] = [:]
  private var joined: Set<PeerID> = []
  private var wanted: [Int] = []

  /// - Parameter here: pieces that are verified.
  init(pieceCount: Int, here: some Sequence<Int>) {
    self.pieceCount = pieceCount
    var chance = SystemRandomNumberGenerator()
    seed = HiddenSeed(pieceCount: pieceCount, using: &chance)
    veils = SeedVeils(pieceCount: pieceCount)
    for piece in here { _ = veils.take(.has(piece), at: 0) }
  }

  var hasPeers: Bool { !joined.isEmpty }

  /// When it has to be asked without a word; `nil`: never.
  var nextTick: SwarmInstant? { [seed.nextTick, veils.nextTick].compactMap { $0 }.min() }

  mutating func take(_ word: ct_word, at now: SwarmInstant) -> [Step] {
    let (peer, piece) = (PeerID(word.peer), Int(word.piece))
    switch ct_word_kind(UInt32(word.kind)) {
    case CT_WORD_JOINED:
      joined.insert(peer)
      return tell(.joins(peer, isVeiled: word.flags & UInt16(CT_JOINED_VEILED.rawValue) != 0), at: now)
    case CT_WORD_HAS: return tell(.has(peer, piece..<piece + max(0, Int(word.count))), at: now)
    case CT_WORD_WANTS: return tell(.wants(peer, piece), at: now)
    case CT_WORD_LEFT: return forget(peer, at: now)
    case CT_WORD_SWALLOWED: return tell(.veiled(peer), at: now) + tell(.wants(wanted), at: now)
    case CT_WORD_OPENED: return tell(.unveiled(peer), at: now)
    case CT_WORD_SHOWN: return tell(.shown(peer, piece), at: now)
    case CT_WORD_PACE: return pace(peer, word)
    case CT_WORD_HURRIED: return want(piece..<piece + max(0, Int(word.count)), at: now)
    default: return []
    }
  }

  /// A piece is verified here.
  mutating func take(piece: Int, at now: SwarmInstant) -> [Step] {
    wanted.removeAll { $0 == piece }
    return tell(.has(piece), at: now)
  }

  mutating func tick(at now: SwarmInstant) -> [Step] {
    var steps: [Step] = []
    if let due = seed.nextTick, due <= now { steps += tell(HiddenSeed.Event.tick, at: now) }
    if let due = veils.nextTick, due <= now { steps += tell(SeedVeils.Event.tick, at: now) }
    return steps
  }

  private mutating func forget(_ peer: PeerID, at now: SwarmInstant) -> [Step] {
    joined.remove(peer)
    depths[peer] = nil
    return tell(.unveiled(peer), at: now) + tell(.leaves(peer), at: now)
  }

  private mutating func want(_ pieces: Range<Int>, at now: SwarmInstant) -> [Step] {
    wanted = Array((wanted.filter { !pieces.contains($0) } + pieces).suffix(Self.mostWanted))
    return tell(.wants(Array(pieces)), at: now)
  }

  private mutating func pace(_ peer: PeerID, _ word: ct_word) -> [Step] {
    guard joined.contains(peer) else { return [] }
    let before = depths[peer]?.depth
    depths[peer, default: RequestDepth()].note(
      blocks: Int(word.count), delay: SwarmInstant(word.piece), over: 1_000_000, peers: Int(word.flags))
    guard let depth = depths[peer]?.depth, depth != before else { return [] }
    return [.deepen(peer, depth)]
  }

  private mutating func tell(_ event: HiddenSeed.Event, at now: SwarmInstant) -> [Step] {
    seed.take(event, at: now).map {
      switch $0 {
      case .show(let peer, let pieces): .show(peer, pieces)
      case .open(let peer): .open(peer)
      }
    }
  }

  private mutating func tell(_ event: SeedVeils.Event, at now: SwarmInstant) -> [Step] {
    veils.take(event, at: now).map {
      switch $0 {
      case .cut(let peer): .cut(peer)
      case .suggest(let peer, let pieces): .suggest(peer, pieces)
      }
    }
  }
}
