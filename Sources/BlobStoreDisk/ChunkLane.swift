import BlockingWork

/// Chunks of one upload on their way through one kind of work, in order, on the threads of a pool that many uploads
/// share: at most one thread is at work in a lane.
final class ChunkLane: Sendable {
  private struct State {
    var waiting: [[UInt8]] = []
    var isWorking = false
    var untilIdle: [UnsafeContinuation<Void, Never>] = []

    /// All that waits; when nothing does, the lane is idle from here on and those who waited for that go on.
    mutating func next() -> (batch: [[UInt8]], released: [UnsafeContinuation<Void, Never>]) {
      defer { waiting = [] }
      guard waiting.isEmpty else { return (waiting, []) }
      isWorking = false
      defer { untilIdle = [] }
      return ([], untilIdle)
    }
  }

  private let pool: BlockingPool
  private let work: @Sendable ([[UInt8]]) -> Void
  private let state = Lock(State())

  /// How much a lane takes through before it goes to the end of the pool's queue, so that uploads take turns.
  private static let bytesPerTurn = 8 << 20

  /// - Parameter work: is given all the chunks that wait, on a thread of the pool.
  init(pool: BlockingPool, work: @escaping @Sendable ([[UInt8]]) -> Void) {
    self.pool = pool
    self.work = work
  }

  func push(_ chunk: [UInt8]) {
    let wasWorking = state.withLock { state in
      state.waiting.append(chunk)
      defer { state.isWorking = true }
      return state.isWorking
    }
    if !wasWorking { pool.submit { self.takeTurn() } }
  }

  /// Waits until all that was pushed is worked off.
  func idle() async {
    // Unsafe only in that nobody checks it is resumed once: `next` hands each out once.
    await withUnsafeContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.isWorking { state.untilIdle.append(continuation) }
        return !state.isWorking
      }
      if isIdle { continuation.resume() }
    }
    // For the thread sanitizer, which does not see the order that a continuation makes when it is resumed early.
    state.withLock { _ in }
  }

  private func takeTurn() {
    var bytes = 0
    while bytes < Self.bytesPerTurn {
      let (batch, released) = state.withLock { $0.next() }
      for continuation in released { continuation.resume() }
      if batch.isEmpty { return }
      work(batch)
      for chunk in batch { bytes += chunk.count }
    }
    pool.submit { self.takeTurn() }
  }
}
