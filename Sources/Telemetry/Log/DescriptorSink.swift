import BlockingWork
import Glibc

/// Writes log lines to a file descriptor from a thread of its own. A caller pays for the format and a short lock, never
/// for the descriptor: when whoever reads it stops, lines are dropped and counted, and one line says how many.
public final class DescriptorSink: LogSink {
  /// Lines that wait for the writer.
  public static let queueLimitBytes = 4 << 20

  private let format: LineFormat
  private let clock: @Sendable () -> Int64
  private let queue: LineQueue
  private let thread: Lock<pthread_t?>

  /// - Parameters:
  ///   - descriptor: stays the caller's, who closes it after `stop`.
  ///   - clock: milliseconds since 1970.
  public init(
    descriptor: Int32, format: LineFormat, queueLimitBytes: Int = DescriptorSink.queueLimitBytes,
    clock: @escaping @Sendable () -> Int64 = DescriptorSink.wallClockMilliseconds
  ) {
    self.format = format
    self.clock = clock
    let queue = LineQueue(limitBytes: queueLimitBytes)
    self.queue = queue
    let writer = LineWriter(descriptor: descriptor, format: format, clock: clock, queue: queue)
    thread = Lock(startThread(named: "log") { writer.work() })
  }

  deinit { stop() }

  public func write(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
    format.line(level, message, fields, at: clock()).withBytes { queue.push($0) }
  }

  /// Waits until every line so far is written, or the time is up. Blocks: for the main thread, before an exit.
  /// - Returns: whether they are written.
  @discardableResult
  public func flush(withinMilliseconds limit: Int = 2000) -> Bool {
    queue.flush().wait(milliseconds: limit)
  }

  /// Writes what is there, for as long as a flush may take, and ends the thread. A second call does nothing; lines that
  /// come later are dropped.
  public func stop() {
    guard let thread = thread.withLock({ $0.take() }) else { return }
    let isWritten = flush()
    queue.close()
    // A writer that hangs in write(2) is left to the end of the process.
    if isWritten { pthread_join(thread, nil) } else { pthread_detach(thread) }
  }

  public static let wallClockMilliseconds: @Sendable () -> Int64 = {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
