import Glibc

/// The thread's side of a sink: takes what has gathered and hands it to write(2).
struct LineWriter: Sendable {
  let descriptor: Int32
  let format: LineFormat
  let clock: @Sendable () -> Int64
  let queue: LineQueue

  /// How long the thread stays awake after a write before it looks again.
  private static let lingerMilliseconds = 5
  /// A buffer that a burst made larger than this is given back.
  private static let keptRoomBytes = 256 << 10

  func work() {
    var spare: [UInt8] = []
    while var batch = queue.next(reusing: &spare) {
      if batch.droppedLines > 0 {
        let line = format.line(
          .warning, "log lines were dropped: whoever reads the log is too slow",
          [LogField("lines.dropped", batch.droppedLines)], at: clock())
        line.withBytes { batch.bytes.append(contentsOf: $0) }
      }
      writeAll(batch.bytes)
      for flush in batch.flushes { flush.raise() }
      if batch.bytes.capacity <= Self.keptRoomBytes {
        spare = batch.bytes
        spare.removeAll(keepingCapacity: true)
      }
      queue.linger(milliseconds: Self.lingerMilliseconds)
    }
  }

  /// A descriptor that takes no more (closed pipe, full disk) loses the batch: there is nobody left to tell.
  private func writeAll(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        let code = errno
        if count >= 0 {
          rest = rest.dropFirst(count)
        } else if code == EAGAIN {
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&ready, 1, -1)
        } else if code != EINTR {
          return
        }
      }
    }
  }
}
