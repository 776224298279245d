/// One structured fact of a log line; names carry their unit (`size.bytes`, `took.ms`).
public struct LogField: Sendable {
  public enum Value: Sendable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case flag(Bool)
  }

  public let name: StaticString
  public let value: Value

  public init(_ name: StaticString, _ value: String) { (self.name, self.value) = (name, .text(value)) }
  public init(_ name: StaticString, _ value: some BinaryInteger) {
    (self.name, self.value) = (name, .integer(Int64(value)))
  }
  public init(_ name: StaticString, _ value: Double) { (self.name, self.value) = (name, .number(value)) }
  public init(_ name: StaticString, _ value: Bool) { (self.name, self.value) = (name, .flag(value)) }
}

public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug, info, warning, error

  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rawValue < right.rawValue }
}

public protocol LogSink: Sendable {
  func write(_ level: LogLevel, _ message: StaticString, _ fields: [LogField])
}

public struct Logger: Sendable {
  public let level: LogLevel
  private let sink: any LogSink

  public init(level: LogLevel, sink: any LogSink) {
    self.level = level
    self.sink = sink
  }

  public func log(_ level: LogLevel, _ message: StaticString, _ fields: [LogField]) {
    guard level >= self.level else { return }
    sink.write(level, message, fields)
  }

  public func debug(_ message: StaticString, _ fields: LogField...) { log(.debug, message, fields) }
  public func info(_ message: StaticString, _ fields: LogField...) { log(.info, message, fields) }
  public func warning(_ message: StaticString, _ fields: LogField...) { log(.warning, message, fields) }
  public func error(_ message: StaticString, _ fields: LogField...) { log(.error, message, fields) }
}
