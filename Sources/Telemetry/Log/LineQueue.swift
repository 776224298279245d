import BlockingWork

/// Lines between those who log and the one thread that writes. Callers hold the lock for the copy of one line.
final class LineQueue: Sendable {
  struct Batch {
    var bytes: [UInt8] = []
    /// Lines that found the queue full since the batch before.
    var droppedLines = 0
    /// Those who wait until everything up to here is written.
    var flushes: [Signal] = []

    var isEmpty: Bool { bytes.isEmpty && droppedLines == 0 && flushes.isEmpty }
  }

  private struct State {
    var batch = Batch()
    var isWriterIdle = false
    var isClosed = false
  }

  private let limitBytes: Int
  private let state = Lock(State())
  private let wake = Signal()

  init(limitBytes: Int) { self.limitBytes = limitBytes }

  func push(_ line: UnsafeBufferPointer<UInt8>) {
    let wakes = state.withLock { state -> Bool in
      guard !state.isClosed else { return false }
      let count = state.batch.bytes.count
      guard count + line.count <= limitBytes else {
        state.batch.droppedLines += 1
        return false
      }
      state.batch.bytes.append(contentsOf: line)
      // Awake, the writer comes back by itself; only a burst that fills a quarter of the room calls it early.
      let isBurst = count < limitBytes / 4 && count + line.count >= limitBytes / 4
      defer { state.isWriterIdle = false }
      return state.isWriterIdle || isBurst
    }
    if wakes { wake.raise() }
  }

  /// The signal is raised when everything that was pushed before is written.
  func flush() -> Signal {
    let written = Signal()
    let isClosed = state.withLock { state in
      if !state.isClosed { state.batch.flushes.append(written) }
      return state.isClosed
    }
    if isClosed { written.raise() } else { wake.raise() }
    return written
  }

  /// Ends the writer after what is in the queue. Lines pushed later are dropped.
  func close() {
    state.withLock { $0.isClosed = true }
    wake.raise()
  }

  /// For the writer's thread: waits for something to do. `nil`: closed and empty.
  /// - Parameter spare: the emptied room of the batch before, to be filled again.
  func next(reusing spare: inout [UInt8]) -> Batch? {
    while true {
      let (batch, isClosed) = state.withLock { state -> (Batch?, Bool) in
        guard !state.batch.isEmpty else {
          state.isWriterIdle = true
          return (nil, state.isClosed)
        }
        var batch = Batch(bytes: spare)
        spare = []
        swap(&batch, &state.batch)
        return (batch, state.isClosed)
      }
      if let batch { return batch }
      if isClosed { return nil }
      wake.wait()
    }
  }

  /// For the writer's thread: lets more lines gather, so that a busy node pays for few wake-ups and few writes.
  func linger(milliseconds: Int) { wake.wait(milliseconds: milliseconds) }
}
