import BlockingWork
import RegistryCore

/// How far an upload's two lanes have come, what that leaves in memory, and whether one of them failed.
final class UploadFlow: Sendable {
  enum Lane: Sendable { case hashing, writing }

  private struct State {
    var accepted: Int64
    var hashedWeight = 0
    var writtenWeight = 0
    var failure: FileFailure?

    /// What both lanes have let go of since the last time.
    mutating func pass(_ lane: Lane, _ weight: Int) -> Int {
      let before = min(hashedWeight, writtenWeight)
      switch lane {
      case .hashing: hashedWeight += weight
      case .writing: writtenWeight += weight
      }
      return min(hashedWeight, writtenWeight) - before
    }
  }

  private let own: ByteRoom
  private let node: ByteRoom
  private let state: Lock<State>

  /// - Parameter accepted: what an earlier life of the upload has in its file.
  /// - Parameter node: the room that all uploads share.
  init(accepted: Int64, limit: Int, node: ByteRoom) {
    own = ByteRoom(limit: limit)
    self.node = node
    state = Lock(State(accepted: accepted))
  }

  var accepted: Int64 { state.withLock { $0.accepted } }

  var failure: FileFailure? { state.withLock { $0.failure } }

  /// Waits for room, the upload's own first: so one that is slow to be written holds none of the node's in vain.
  func accept(_ chunk: [UInt8]) async {
    let weight = Self.weight(of: chunk)
    await own.enter(weight)
    await node.enter(weight)
    state.withLock { $0.accepted += Int64(chunk.count) }
  }

  /// The lane is done with these, or will do nothing with them any more.
  func pass(_ lane: Lane, _ chunks: [[UInt8]]) {
    let weight = chunks.reduce(0) { $0 + Self.weight(of: $1) }
    let freed = state.withLock { $0.pass(lane, weight) }
    if freed > 0 {
      node.leave(freed)
      own.leave(freed)
    }
  }

  /// The first failure is the one that counts.
  func fail(_ failure: FileFailure) {
    state.withLock { $0.failure = $0.failure ?? failure }
  }

  /// What a chunk costs in memory, so that a client that sends single bytes is charged for their arrays.
  private static func weight(of chunk: [UInt8]) -> Int { chunk.count + 96 }
}
