import BlockingWork

/// All metrics of a process under their names. Made at start: every series is known before the first request, so no
/// client can make one more. A name or a label that Prometheus would refuse is our own bug.
public final class MetricsRegistry: Sendable {
  /// Series of one name. Labels are routes, methods and classes of status, never repositories, digests or addresses.
  public static let seriesLimit = 1000

  public typealias Labels = KeyValuePairs<String, String>

  private let families = Lock<[String: MetricFamily]>([:])

  public init() {}

  @discardableResult
  public func counter(
    _ name: String, _ help: String, labels: Labels = [:], _ counter: Counter = Counter()
  ) -> Counter {
    add(name, help, .counter, labels, .counter(counter))
    return counter
  }

  @discardableResult
  public func gauge(_ name: String, _ help: String, labels: Labels = [:], _ gauge: Gauge = Gauge()) -> Gauge {
    add(name, help, .gauge, labels, .gauge(gauge))
    return gauge
  }

  @discardableResult
  public func histogram(
    _ name: String, _ help: String, labels: Labels = [:], _ histogram: Histogram = Histogram()
  ) -> Histogram {
    precondition(!labels.contains { $0.key == "le" }, "the label le belongs to the buckets")
    add(name, help, .histogram, labels, .histogram(histogram))
    return histogram
  }

  /// A gauge that is asked at each scrape, on the scrape's thread. `nil` leaves the sample out.
  public func gauge(
    _ name: String, _ help: String, labels: Labels = [:], read: @escaping @Sendable () -> Double?
  ) {
    add(name, help, .gauge, labels, .read(read))
  }

  /// A counter that something else keeps and that is asked at each scrape.
  public func counter(
    _ name: String, _ help: String, labels: Labels = [:], read: @escaping @Sendable () -> Double?
  ) {
    add(name, help, .counter, labels, .read(read))
  }

  /// Everything in Prometheus' text format, version 0.0.4, sorted by name and labels. Runs the `read` closures (those of
  /// the process read /proc): call it on a `BlockingWork` thread.
  public func exposition() -> [UInt8] {
    let families = families.withLock { Array($0.values) }
    var text = Exposition()
    for family in families.sorted(by: { $0.name < $1.name }) { text.append(family) }
    return text.bytes
  }

  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private func add(
    _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ labels: Labels, _ source: MetricFamily.Source
  ) {
    precondition(MetricFamily.isMetricName(name), "'\(name)' is no name of a metric")
    for label in labels {
      precondition(MetricFamily.isLabelName(label.key), "'\(label.key)' is no name of a label")
    }
    let series = MetricFamily.Series(labels: Exposition.text(of: labels), source: source)
    families.withLock { families in
      var family = families[name] ?? MetricFamily(name: name, help: help, kind: kind)
      precondition(family.kind == kind && family.help == help, "\(name) is registered as something else")
      precondition(!family.series.contains { $0.labels == series.labels }, "\(name){\(series.labels)} is there already")
      precondition(family.series.count < Self.seriesLimit, "\(name) has too many series")
      family.series.append(series)
      families[name] = family
    }
  }
}
