/// Where log lines go. Called from event loops: a sink returns at once, whatever happens to the line.
public protocol LogSink: Sendable {
  func write(_ level: LogLevel, _ message: StaticString, _ fields: [LogField])
}

/// Messages are constant and lower case; what varies stands in fields. Never a token, a password or `Authorization`.
public struct Logger: Sendable {
  private let threshold: LogThreshold
  private let sink: any LogSink

  public init(level: LogLevel, sink: any LogSink) {
    self.init(threshold: LogThreshold(level), sink: sink)
  }

  /// - Parameter threshold: kept by the caller, who may move it while the logger is in use.
  public init(threshold: LogThreshold, sink: any LogSink) {
    self.threshold = threshold
    self.sink = sink
  }

  /// A logger that says nothing, for tests and for commands that answer on their own output.
  public static let silent = Logger(level: .error, sink: SilentSink())

  public var level: LogLevel { threshold.level }

  /// Ask before gathering fields that cost something.
  public func logs(_ level: LogLevel) -> Bool { level >= threshold.level }

  public func log(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
    guard logs(level) else { return }
    sink.write(level, message, fields)
  }

  public func debug(_ message: StaticString, _ fields: LogField...) { log(.debug, message, fields) }
  public func info(_ message: StaticString, _ fields: LogField...) { log(.info, message, fields) }
  public func warning(_ message: StaticString, _ fields: LogField...) { log(.warning, message, fields) }
  public func error(_ message: StaticString, _ fields: LogField...) { log(.error, message, fields) }
}

private struct SilentSink: LogSink {
  func write(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {}
}
