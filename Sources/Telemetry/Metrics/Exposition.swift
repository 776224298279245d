/// Prometheus' text format, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
struct Exposition {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ family: MetricFamily) {
    append("# HELP \(family.name) \(Self.escaped(family.help, quote: false))\n")
    append("# TYPE \(family.name) \(family.kind.rawValue)\n")
    for series in family.series.sorted(by: { $0.labels < $1.labels }) {
      switch series.source {
      case .counter(let counter): append(family.name, series.labels, "\(counter.value)")
      case .gauge(let gauge): append(family.name, series.labels, "\(gauge.value)")
      case .read(let read):
        if let value = read() { append(family.name, series.labels, Self.text(of: value)) }
      case .histogram(let histogram): append(family.name, series.labels, histogram)
      }
    }
  }

  private mutating func append(_ name: String, _ labels: String, _ histogram: Histogram) {
    let counts = histogram.cumulativeCounts
    let prefix = labels.isEmpty ? "" : "\(labels),"
    for (bound, count) in zip(histogram.bounds, counts) {
      append("\(name)_bucket", "\(prefix)le=\"\(Self.text(of: bound))\"", "\(count)")
    }
    append("\(name)_bucket", "\(prefix)le=\"+Inf\"", "\(counts[counts.count - 1])")
    append("\(name)_sum", labels, Self.text(of: histogram.sum))
    append("\(name)_count", labels, "\(counts[counts.count - 1])")
  }

  private mutating func append(_ name: String, _ labels: String, _ value: String) {
    append(labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  /// `name="value",…` in the order given.
  static func text(of labels: MetricsRegistry.Labels) -> String {
    labels.map { "\($0.key)=\"\(escaped($0.value, quote: true))\"" }.joined(separator: ",")
  }

  static func text(of value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value), whole.magnitude < 1 << 53 { return "\(whole)" }
    return "\(value)"
  }

  /// A help text escapes backslash and line feed, a label's value the quote too.
  private static func escaped(_ text: String, quote: Bool) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where quote: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
