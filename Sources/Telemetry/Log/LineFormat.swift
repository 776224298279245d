import Glibc

/// How a log line is written. Both forms hold the same facts under the same names.
public enum LineFormat: Hashable, Sendable {
  /// `time=… level=info message="…" name=value`, for people. Colours only where a terminal obeys them.
  case logfmt(colors: Bool)
  /// One JSON object a line, for programs.
  case json

  /// logfmt on a terminal, JSON lines anywhere else.
  /// - Parameter colors: whether a terminal may be coloured (`NO_COLOR` says it may not).
  public static func fitting(descriptor: Int32, colors: Bool) -> LineFormat {
    isatty(descriptor) == 1 ? .logfmt(colors: colors) : .json
  }

  /// The line with its newline.
  func line(
    _ level: LogLevel, _ message: StaticString, _ fields: [LogField], at millisecondsSince1970: Int64
  ) -> LineBytes {
    var line = LineBytes()
    switch self {
    case .logfmt(let colors):
      line.appendLogfmt(level, message, fields, at: millisecondsSince1970, colors: colors)
    case .json:
      line.appendJSON(level, message, fields, at: millisecondsSince1970)
    }
    return line
  }
}

extension LineBytes {
  fileprivate mutating func appendLogfmt(
    _ level: LogLevel, _ message: StaticString, _ fields: [LogField], at time: Int64, colors: Bool
  ) {
    append("time=")
    appendTimestamp(millisecondsSince1970: time)
    append(" level=")
    if colors { append(level.colorOn) }
    append(level.name)
    if colors { append("\u{1B}[0m") }
    append(" message=")
    message.withUTF8Buffer { appendQuotedIfNeeded($0) }
    for field in fields {
      append(" ")
      append(field.name)
      append("=")
      switch field.value {
      case .text(let text): appendQuotedIfNeeded(text)
      case .integer(let number): append(number)
      case .number(let number): append(number)
      case .flag(let flag): append(flag ? "true" : "false")
      }
    }
    append("\n")
  }

  fileprivate mutating func appendJSON(
    _ level: LogLevel, _ message: StaticString, _ fields: [LogField], at time: Int64
  ) {
    append("{\"time\":\"")
    appendTimestamp(millisecondsSince1970: time)
    append("\",\"level\":\"")
    append(level.name)
    append("\",\"message\":")
    message.withUTF8Buffer { appendQuoted($0) }
    for field in fields {
      append(",\"")
      append(field.name)
      append("\":")
      switch field.value {
      case .text(let text): appendQuoted(text)
      case .integer(let number): append(number)
      case .number(let number) where number.isFinite: append(number)
      case .number: append("null")  // JSON has no word for it
      case .flag(let flag): append(flag ? "true" : "false")
      }
    }
    append("}\n")
  }
}

extension LogLevel {
  fileprivate var colorOn: StaticString {
    switch self {
    case .debug: "\u{1B}[2m"
    case .info: "\u{1B}[32m"
    case .warning: "\u{1B}[33m"
    case .error: "\u{1B}[31m"
    }
  }
}
