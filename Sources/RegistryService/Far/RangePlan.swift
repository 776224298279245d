/// Which pieces of a blob are asked for next: those that a reader waits for, then from the front.
struct RangePlan: Sendable {
  let pieceCount: Int
  private let partPieces: Int
  /// Neither here nor asked for: ranges in order, none touching the next.
  private var open: [Range<Int>]
  private var hurried: [Range<Int>] = []

  /// Readers who wait at more places at once than this are served from the front.
  private static let hurriedLimit = 64

  /// Nothing is to be asked for yet.
  init(size: Int64, pieceBytes: Int, partBytes: Int64) {
    pieceCount = Int((size + Int64(pieceBytes) - 1) / Int64(pieceBytes))
    partPieces = max(1, Int(partBytes / Int64(pieceBytes)))
    open = []
  }

  var isEmpty: Bool { open.isEmpty }

  /// These are to be asked for, but for what is under way.
  mutating func fill(_ pieces: Range<Int>, except underWay: some Sequence<Range<Int>>) {
    var rest = [pieces.clamped(to: 0..<pieceCount)]
    for taken in open + underWay { rest = rest.flatMap { Self.cut(taken, outOf: $0) } }
    for part in rest { giveBack(part) }
  }

  /// Nothing is to be asked for any more.
  mutating func rest() { (open, hurried) = ([], []) }

  /// The next part to ask for; `nil`: nothing is left that nobody asks for.
  mutating func next() -> Range<Int>? {
    while let wanted = hurried.popLast() {
      if let at = open.firstIndex(where: { $0.overlaps(wanted) }) {
        return take(from: max(wanted.lowerBound, open[at].lowerBound), in: at)
      }
    }
    return open.isEmpty ? nil : take(from: open[0].lowerBound, in: 0)
  }

  mutating func hurry(_ pieces: Range<Int>) {
    let pieces = pieces.clamped(to: 0..<pieceCount)
    guard !pieces.isEmpty, hurried.count < Self.hurriedLimit else { return }
    hurried.append(pieces)
  }

  /// Was asked for and did not come.
  mutating func giveBack(_ pieces: Range<Int>) {
    guard !pieces.isEmpty else { return }
    let at = open.firstIndex { $0.lowerBound > pieces.lowerBound } ?? open.endIndex
    open.insert(pieces, at: at)
    join(at + 1)
    join(at)
  }

  private mutating func take(from start: Int, in at: Int) -> Range<Int> {
    cut(start..<min(open[at].upperBound, start + partPieces), in: at)
  }

  private mutating func cut(_ part: Range<Int>, in at: Int) -> Range<Int> {
    let whole = open.remove(at: at)
    open.insert(contentsOf: Self.cut(part, outOf: whole), at: at)
    return part
  }

  private static func cut(_ part: Range<Int>, outOf whole: Range<Int>) -> [Range<Int>] {
    let part = part.clamped(to: whole)
    guard !part.isEmpty else { return whole.isEmpty ? [] : [whole] }
    return [whole.lowerBound..<part.lowerBound, part.upperBound..<whole.upperBound].filter { !$0.isEmpty }
  }

  private mutating func join(_ at: Int) {
    guard at > 0, at < open.count, open[at - 1].upperBound == open[at].lowerBound else { return }
    open[at - 1] = open[at - 1].lowerBound..<open[at].upperBound
    open.remove(at: at)
  }
}
