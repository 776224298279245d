/// The order in which a seed shows its pieces, each once unless it is put back.
///
/// From the front of the blob in bands, shuffled within each: whoever reads a blob while it arrives gets on, and yet
/// any two peers have something for each other.
struct PiecePool: Sendable {
  private let order: [Int32]
  private var place = 0
  /// What was put back comes first, the last one first.
  private var returned: [Int32] = []

  init(pieceCount: Int, leading: Int, band: Int, using chance: inout some RandomNumberGenerator) {
    var order = (0..<Int32(pieceCount)).map { $0 }
    var start = min(leading, pieceCount)
    while start < pieceCount {
      let end = min(pieceCount, start + max(1, band))
      order[start..<end].shuffle(using: &chance)
      start = end
    }
    self.order = order
  }

  mutating func putBack(_ piece: Int) { returned.append(Int32(piece)) }

  /// The next piece that is still free and that suits. What is not free any more is forgotten; what does not suit
  /// stays.
  mutating func take(isFree: (Int) -> Bool, suits: (Int) -> Bool) -> Int? {
    var at = returned.count - 1
    while at >= 0 {
      let piece = Int(returned[at])
      if !isFree(piece) {
        returned.remove(at: at)
      } else if suits(piece) {
        returned.remove(at: at)
        return piece
      }
      at -= 1
    }
    while place < order.count {
      let piece = Int(order[place])
      place += 1
      guard isFree(piece) else { continue }
      if suits(piece) { return piece }
      returned.append(Int32(piece))
    }
    return nil
  }

  /// Nothing in it is free. Pieces that are not free need not be taken out: they are passed over.
  func isUsedUp(isFree: (Int) -> Bool) -> Bool {
    !returned.contains { isFree(Int($0)) } && !order[place...].contains { isFree(Int($0)) }
  }
}
