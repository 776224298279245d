/// The series that share a name.
struct MetricFamily: Sendable {
  enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  enum Source: Sendable {
    case counter(Counter)
    case gauge(Gauge)
    case histogram(Histogram)
    case read(@Sendable () -> Double?)
  }

  struct Series: Sendable {
    /// As they stand between the braces.
    let labels: String
    let source: Source
  }

  let name: String
  let help: String
  let kind: Kind
  var series: [Series] = []

  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
  static func isMetricName(_ text: String) -> Bool { isName(text.utf8, or: UInt8(ascii: ":")) }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`; names that start with `__` are Prometheus' own.
  static func isLabelName(_ text: String) -> Bool {
    !text.hasPrefix("__") && isName(text.utf8, or: UInt8(ascii: "_"))
  }

  private static func isName(_ bytes: String.UTF8View, or extra: UInt8) -> Bool {
    guard let first = bytes.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else { return false }
    return bytes.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: byte == extra
      }
    }
  }
}
