import BlockingWork
import Glibc
import Testing

@testable import Telemetry

@Suite struct DescriptorSinkTests {
  @Test func everyLineOfManyThreadsArrivesWholeAndInItsThreadsOrder() {
    let (threads, lines) = (8, 2000)
    let pipe = OutputPipe()
    let sink = DescriptorSink(descriptor: pipe.input, format: .logfmt(colors: false))
    let logger = Logger(level: .info, sink: sink)
    let reader = TextFrom { pipe.readAll() }
    let writers = (0..<threads).map { thread in
      startThread(named: "writer") {
        for line in 0..<lines { logger.info("line", LogField("thread", thread), LogField("number", line)) }
      }
    }
    for writer in writers { pthread_join(writer, nil) }
    #expect(sink.flush(withinMilliseconds: 60_000))
    sink.stop()
    pipe.closeInput()
    var next = [Int](repeating: 0, count: threads)
    for line in reader.value.split(separator: "\n") {
      guard let thread = number("thread", in: line), let number = number("number", in: line) else {
        Issue.record("a broken line: \(line)")
        return
      }
      #expect(next[thread] == number)
      next[thread] = number + 1
    }
    #expect(next == [Int](repeating: lines, count: threads))
  }

  private func number(_ name: String, in line: Substring) -> Int? {
    line.split(separator: " ").first { $0.hasPrefix("\(name)=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
  }

  @Test func flushReturnsAfterTheLineIsWritten() {
    let pipe = OutputPipe()
    let sink = DescriptorSink(descriptor: pipe.input, format: .json)
    defer { sink.stop() }
    for round in 0..<20 {
      sink.write(.info, "round", [LogField("number", round)])
      #expect(sink.flush(withinMilliseconds: 60_000))
      var waiting: Int32 = 0
      let code = ioctl(pipe.output, UInt(FIONREAD), &waiting)
      #expect(code == 0)
      #expect(waiting > 0, "nothing was written before flush returned")
      var room = [UInt8](repeating: 0, count: Int(waiting))
      #expect(read(pipe.output, &room, room.count) == Int(waiting))
      #expect(String(decoding: room, as: UTF8.self).hasSuffix("\"number\":\(round)}\n"))
    }
  }

  @Test func fullQueueDropsLinesCountsThemAndNeverHoldsTheCaller() {
    let pipe = OutputPipe()
    let sink = DescriptorSink(descriptor: pipe.input, format: .logfmt(colors: false), queueLimitBytes: 10_000)
    // Nobody reads: the pipe takes 64 KiB, the queue 10,000 bytes, the rest is dropped. The writes below must return.
    let padding = String(repeating: "x", count: 1000)
    let written = 400
    for number in 0..<written { sink.write(.info, "line", [LogField("number", number), LogField("padding", padding)]) }
    let reader = TextFrom { pipe.readAll() }
    #expect(sink.flush(withinMilliseconds: 60_000))
    sink.stop()
    pipe.closeInput()
    let lines = reader.value.split(separator: "\n")
    let arrived = lines.count { $0.contains("padding=") }
    let dropped = lines.reduce(0) { $0 + (number("lines.dropped", in: $1) ?? 0) }
    #expect(dropped > 0)
    #expect(arrived + dropped == written)
  }

  @Test func descriptorThatTakesNothingHoldsNobody() {
    let full = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(full) }
    let sink = DescriptorSink(descriptor: full, format: .json)
    for _ in 0..<100 { sink.write(.error, "nobody hears", []) }
    #expect(sink.flush(withinMilliseconds: 60_000))
    sink.stop()
    sink.stop()
    sink.write(.error, "after the end", [])
    #expect(sink.flush(withinMilliseconds: 60_000))
  }

  @Test func loggerAsksItsThresholdEachTime() {
    let sink = MemorySink()
    let threshold = LogThreshold(.warning)
    let logger = Logger(threshold: threshold, sink: sink)
    logger.info("not yet")
    threshold.level = .debug
    logger.debug("now")
    #expect(sink.messages == ["now"])
    #expect(logger.logs(.debug))
  }

  @Test func onlyATerminalGetsLogfmtByItself() {
    let pipe = OutputPipe()
    #expect(LineFormat.fitting(descriptor: pipe.input, colors: true) == .json)
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    defer { close(terminal) }
    #expect(terminal >= 0)
    #expect(LineFormat.fitting(descriptor: terminal, colors: false) == .logfmt(colors: false))
  }
}

/// A value that a thread works out meanwhile.
final class TextFrom: Sendable {
  private let text = Lock("")
  private let thread: Lock<pthread_t?> = Lock(nil)

  init(_ body: @escaping @Sendable () -> String) {
    let started = startThread(named: "reader") { [text] in
      let result = body()
      text.withLock { $0 = result }
    }
    thread.withLock { $0 = started }
  }

  var value: String {
    if let thread = thread.withLock({ $0.take() }) { pthread_join(thread, nil) }
    return text.withLock { $0 }
  }
}

final class MemorySink: LogSink {
  private let lines = Lock<[String]>([])

  func write(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
    lines.withLock { $0.append("\(message)") }
  }

  var messages: [String] { lines.withLock { $0 } }
}
