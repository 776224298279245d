import BlockingWork
import RegistryCore

/// Bytes of consecutive pieces as they come, and the pieces that they fill.
///
/// One transfer feeds it, one chunk after the other; the lock is for those who ask how far it came.
final class PieceAssembly: Sendable {
  private struct State {
    var next: Int
    var kept: Int
    var filling: [UInt8] = []
  }

  private let end: Int
  private let size: Int64
  private let pieceBytes: Int
  private let state: Lock<State>

  init(_ pieces: Range<Int>, _ torrent: SwarmTorrent) {
    (end, size, pieceBytes) = (pieces.upperBound, torrent.size, torrent.pieceBytes)
    state = Lock(State(next: pieces.lowerBound, kept: pieces.lowerBound))
  }

  /// The first piece that is not kept.
  var missing: Int { state.withLock { $0.kept } }

  /// In order.
  func note(kept piece: Int) { state.withLock { $0.kept = piece + 1 } }

  /// - Returns: the pieces that are whole now. Bytes behind the last one are dropped.
  func take(_ bytes: [UInt8]) -> [(piece: Int, content: [UInt8])] {
    state.withLock { state in
      var whole: [(piece: Int, content: [UInt8])] = []
      var rest = bytes[...]
      while !rest.isEmpty, state.next < end {
        let length = Int(min(Int64(pieceBytes), size - Int64(state.next) * Int64(pieceBytes)))
        if state.filling.isEmpty { state.filling.reserveCapacity(length) }
        let part = rest.prefix(length - state.filling.count)
        state.filling += part
        rest = rest.dropFirst(part.count)
        guard state.filling.count == length else { break }
        whole.append((state.next, state.filling))
        state.filling = []
        state.next += 1
      }
      return whole
    }
  }
}
