/// A set of pieces of one torrent, a bit for each.
struct PieceBits: Sendable {
  private var words: [UInt64]
  private(set) var count = 0

  init(pieceCount: Int) { words = [UInt64](repeating: 0, count: (pieceCount + 63) / 64) }

  func contains(_ piece: Int) -> Bool { words[piece >> 6] & 1 << UInt64(piece & 63) != 0 }

  /// `false`: it was there.
  mutating func insert(_ piece: Int) -> Bool {
    let bit: UInt64 = 1 << UInt64(piece & 63)
    guard words[piece >> 6] & bit == 0 else { return false }
    words[piece >> 6] |= bit
    count += 1
    return true
  }

  /// Rising.
  var pieces: [Int] {
    var pieces: [Int] = []
    pieces.reserveCapacity(count)
    for (place, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        pieces.append(place << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return pieces
  }
}
