import BlockingWork

/// What a transfer handed over, piece by piece.
final class Taken: Sendable {
  private let pieces = Lock<[[UInt8]]>([])

  func append(_ piece: [UInt8]) { pieces.withLock { $0.append(piece) } }

  var count: Int { pieces.withLock { $0.count } }

  var all: [UInt8] { pieces.withLock { $0.flatMap { $0 } } }
}
