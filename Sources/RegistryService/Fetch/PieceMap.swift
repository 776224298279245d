/// Which pieces of a blob are verified.
struct PieceMap: Sendable {
  let size: Int64
  let pieceBytes: Int
  let pieceCount: Int
  private var words: [UInt64]
  private(set) var verifiedCount = 0
  /// So many pieces from the front, without a hole.
  private var prefixCount = 0

  init(size: Int64, pieceBytes: Int) {
    precondition(size > 0 && pieceBytes > 0, "a fetch has bytes, and pieces of some length")
    self.size = size
    self.pieceBytes = pieceBytes
    pieceCount = Int((size + Int64(pieceBytes) - 1) / Int64(pieceBytes))
    words = [UInt64](repeating: 0, count: (pieceCount + 63) / 64)
  }

  var isWhole: Bool { verifiedCount == pieceCount }

  /// Bytes from the front, without a hole.
  var prefixBytes: Int64 { start(of: prefixCount) }

  var verifiedBytes: Int64 {
    let full = Int64(verifiedCount) * Int64(pieceBytes)
    return contains(pieceCount - 1) ? full - (Int64(pieceCount) * Int64(pieceBytes) - size) : full
  }

  func contains(_ piece: Int) -> Bool { words[piece / 64] & (1 << UInt64(piece % 64)) != 0 }

  func piece(at offset: Int64) -> Int { Int(offset / Int64(pieceBytes)) }

  /// Where the verified bytes that begin at `offset` end; `offset` itself when the byte there is not verified.
  func runEnd(from offset: Int64) -> Int64 {
    guard offset < size else { return offset }
    let piece = piece(at: offset)
    if piece < prefixCount { return prefixBytes }
    return max(offset, start(of: firstMissing(from: piece)))
  }

  /// `false`: it was known, or is no piece of this blob.
  mutating func insert(_ piece: Int) -> Bool {
    guard piece >= 0, piece < pieceCount, !contains(piece) else { return false }
    words[piece / 64] |= 1 << UInt64(piece % 64)
    verifiedCount += 1
    if piece == prefixCount { prefixCount = firstMissing(from: piece) }
    return true
  }

  mutating func insertAll() {
    for at in words.indices { words[at] = .max }
    (verifiedCount, prefixCount) = (pieceCount, pieceCount)
  }

  /// The next pieces that are missing, one behind the other and at most so many; `nil`: none is, from there to the end.
  func missing(from piece: Int, atMost limit: Int) -> Range<Int>? {
    let first = firstMissing(from: piece)
    guard first < pieceCount, limit > 0 else { return nil }
    var end = first + 1
    while end < min(pieceCount, first + limit), !contains(end) { end += 1 }
    return first..<end
  }

  private func start(of piece: Int) -> Int64 { min(size, Int64(piece) * Int64(pieceBytes)) }

  /// A word at a time: a blob of many pieces has long runs.
  private func firstMissing(from piece: Int) -> Int {
    guard piece < pieceCount else { return pieceCount }
    var word = piece / 64
    var missing = ~words[word] & (UInt64.max << UInt64(piece % 64))
    while missing == 0 {
      word += 1
      guard word < words.count else { return pieceCount }
      missing = ~words[word]
    }
    return min(pieceCount, word * 64 + missing.trailingZeroBitCount)
  }
}
