/// Which pieces of one blob are verified, and how many bytes that is.
struct PieceSet: Sendable {
  private let size: Int64
  private let pieceBytes: Int
  private let pieceCount: Int
  private var words: [UInt64]
  private(set) var count = 0
  private(set) var bytes: Int64 = 0

  init(size: Int64, pieceBytes: Int, pieceCount: Int) {
    self.size = size
    self.pieceBytes = pieceBytes
    self.pieceCount = pieceCount
    words = Array(repeating: 0, count: (pieceCount + 63) / 64)
  }

  var isWhole: Bool { count == pieceCount }

  /// Those that are in it, rising.
  var pieces: some Sequence<Int> {
    let words = words
    return (0..<pieceCount).lazy.filter { words[$0 / 64] & 1 << ($0 % 64) != 0 }
  }

  /// `false` when the blob has no such piece, or it was there before.
  mutating func insert(_ piece: Int) -> Bool {
    guard piece >= 0, piece < pieceCount else { return false }
    let bit: UInt64 = 1 << (piece % 64)
    guard words[piece / 64] & bit == 0 else { return false }
    words[piece / 64] |= bit
    count += 1
    bytes += min(Int64(pieceBytes), size - Int64(piece) * Int64(pieceBytes))
    return true
  }
}
