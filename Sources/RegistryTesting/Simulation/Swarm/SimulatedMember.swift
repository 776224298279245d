import FleetCore
import SwarmCore

/// A node of a simulated swarm: what it has, what it asks for next, and the two state machines of the product.
struct SimulatedMember {
  let plan: SwarmPlan.Node
  var isThere = false
  var hasEnded = false
  var isWhole: Bool { have == pieceCount }
  let pieceCount: Int
  let blocksInPiece: Int
  private let lastBlocks: Int
  var pieces: [Bool]
  var have = 0
  /// By piece, a bit a block.
  var got: [UInt64]
  var asked: [UInt64]
  /// So many peers have it, as far as they say.
  var seen: [Int]
  /// Up to here without a hole.
  var prefix = 0
  var connections: [SimulatedConnection] = []
  var places: [PeerID: Int] = [:]
  var seed: HiddenSeed?
  var veils: SeedVeils
  // The line.
  var isSending = false
  var retriesAt: SwarmInstant?
  var turn = 0
  var receivesFreeAt: SwarmInstant = 0
  var sentBytes = 0
  var redundantBytes = 0
  var wholeAt: SwarmInstant?
  var firstPieceAt: SwarmInstant?
  var readableAtHalf: Double?
  var tickAt: SwarmInstant?
  var waitsSince: SwarmInstant = 0
  var chance: SplitMix64

  init(_ plan: SwarmPlan.Node, bytes: Int, pieceBytes: Int, seed: UInt64) {
    self.plan = plan
    pieceCount = (bytes + pieceBytes - 1) / pieceBytes
    blocksInPiece = pieceBytes / SwarmWord.blockBytes
    let rest = bytes - (pieceCount - 1) * pieceBytes
    lastBlocks = (rest + SwarmWord.blockBytes - 1) / SwarmWord.blockBytes
    pieces = [Bool](repeating: plan.isOrigin, count: pieceCount)
    have = plan.isOrigin ? pieceCount : 0
    got = [UInt64](repeating: 0, count: pieceCount)
    asked = got
    seen = [Int](repeating: 0, count: pieceCount)
    veils = SeedVeils(pieceCount: pieceCount)
    chance = SplitMix64(seed: seed)
  }

  func blocks(of piece: Int) -> UInt64 {
    let count = piece == pieceCount - 1 ? lastBlocks : blocksInPiece
    return count == 64 ? .max : (1 << UInt64(count)) - 1
  }

  mutating func note(has piece: Int, at place: Int) {
    guard !connections[place].has[piece] else { return }
    connections[place].has[piece] = true
    seen[piece] += 1
  }

  /// What it asks for next on a connection: the rest of a piece that it began there, what a reader waits for, the
  /// rarest, what others have begun, and in the end what others were asked for and did not send yet.
  mutating func nextRequest(at place: Int) -> (piece: Int, block: Int)? {
    if let current = connections[place].current, let block = unasked(current) { return (current, block) }
    connections[place].current = nil
    guard let piece = nextPiece(at: place) else { return nextDouble(at: place) }
    connections[place].current = piece
    return unasked(piece).map { (piece, $0) }
  }

  private func unasked(_ piece: Int) -> Int? {
    let left = blocks(of: piece) & ~asked[piece]
    return left == 0 || pieces[piece] ? nil : left.trailingZeroBitCount
  }

  private static let hurried = 16

  private mutating func nextPiece(at place: Int) -> Int? {
    let connection = connections[place]
    if plan.reads {
      for piece in prefix..<min(pieceCount, prefix + Self.hurried)
      where connection.has[piece] && !pieces[piece] && unasked(piece) != nil { return piece }
    }
    var (best, bestSeen, begun): (Int?, Int, Int?) = (nil, .max, nil)
    let start = chance.below(pieceCount)
    for step in 0..<pieceCount {
      let piece = start + step < pieceCount ? start + step : start + step - pieceCount
      guard !pieces[piece], connection.has[piece] else { continue }
      if asked[piece] == 0 {
        if seen[piece] < bestSeen { (best, bestSeen) = (piece, seen[piece]) }
        if bestSeen <= 1 { break }
      } else if begun == nil, asked[piece] != blocks(of: piece) {
        begun = piece
      }
    }
    return best ?? begun
  }

  /// Nothing is left that nobody was asked for: one block that another owes is asked for here as well.
  private mutating func nextDouble(at place: Int) -> (piece: Int, block: Int)? {
    let connection = connections[place]
    guard connection.requested.isEmpty, have < pieceCount else { return nil }
    let start = chance.below(pieceCount)
    for step in 0..<pieceCount {
      let piece = (start + step) % pieceCount
      if pieces[piece] { continue }
      if asked[piece] != blocks(of: piece) {
        // Somebody shows it to somebody: it is not the end yet.
        if seen[piece] > 0 { return nil }
        continue
      }
      let owed = asked[piece] & ~got[piece]
      if owed != 0, connection.has[piece] { return (piece, owed.trailingZeroBitCount) }
    }
    return nil
  }

  /// - Returns: it is whole now.
  mutating func take(piece: Int, block: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(block)
    guard !pieces[piece], got[piece] & bit == 0 else {
      redundantBytes += SwarmWord.blockBytes
      return false
    }
    got[piece] |= bit
    asked[piece] |= bit
    guard got[piece] == blocks(of: piece) else { return false }
    pieces[piece] = true
    have += 1
    return true
  }
}
