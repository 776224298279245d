import BlockingWork
import Glibc
import Testing

@testable import Telemetry

@Suite struct MetricsTests {
  private func text(_ registry: MetricsRegistry) -> String { String(decoding: registry.exposition(), as: UTF8.self) }

  @Test func expositionIsSortedAndEscaped() {
    let registry = MetricsRegistry()
    registry.counter("shoal_b_total", "Second.", labels: ["method": "PUT"]).add(2)
    registry.counter("shoal_b_total", "Second.", labels: ["method": "GET"]).add()
    registry.gauge("shoal_a", "A \\ and\na line.", labels: ["what": "quote \" back \\ line \n é"]).set(-4)
    registry.gauge("shoal_c", "Read.") { 0.25 }
    registry.gauge("shoal_d", "Absent.") { nil }
    #expect(
      text(registry) == #"""
        # HELP shoal_a A \\ and\na line.
        # TYPE shoal_a gauge
        shoal_a{what="quote \" back \\ line \n é"} -4
        # HELP shoal_b_total Second.
        # TYPE shoal_b_total counter
        shoal_b_total{method="GET"} 1
        shoal_b_total{method="PUT"} 2
        # HELP shoal_c Read.
        # TYPE shoal_c gauge
        shoal_c 0.25
        # HELP shoal_d Absent.
        # TYPE shoal_d gauge

        """#)
    #expect(text(registry) == text(registry))
  }

  @Test func histogramCountsBoundsInclusiveAndCumulative() {
    let registry = MetricsRegistry()
    let histogram = registry.histogram(
      "shoal_took_seconds", "Took.", labels: ["route": "blob"], Histogram(bounds: [0.1, 1, 2.5]))
    for value in [0.1, 0.10001, 1, 2.5, 3, .nan] { histogram.observe(value) }
    #expect(
      text(registry) == """
        # HELP shoal_took_seconds Took.
        # TYPE shoal_took_seconds histogram
        shoal_took_seconds_bucket{route="blob",le="0.1"} 1
        shoal_took_seconds_bucket{route="blob",le="1"} 3
        shoal_took_seconds_bucket{route="blob",le="2.5"} 4
        shoal_took_seconds_bucket{route="blob",le="+Inf"} 5
        shoal_took_seconds_sum{route="blob"} 6.70001
        shoal_took_seconds_count{route="blob"} 5

        """)
  }

  @Test func noObservationOfManyThreadsIsLost() {
    let (histogram, gauge) = (Histogram(bounds: [0.5]), Gauge())
    let threads = (0..<4).map { _ in
      startThread(named: "observer") {
        for round in 0..<5000 {
          histogram.observe(round.isMultiple(of: 2) ? 0 : 1)
          gauge.add(round.isMultiple(of: 2) ? 2 : -1)
        }
      }
    }
    for thread in threads { pthread_join(thread, nil) }
    #expect(histogram.cumulativeCounts == [10_000, 20_000])
    #expect(histogram.sum == 10_000)
    #expect(gauge.value == 10_000)
  }

  @Test(arguments: [
    (1.0, "1"), (0.005, "0.005"), (-2.0, "-2"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    (1e300, "1e+300"),
  ]) func valuesAreWrittenAsTheFormatWants(_ value: Double, _ expected: String) {
    #expect(Exposition.text(of: value) == expected)
  }

  @Test func processMetricsFollowTheFormatAndAreTrue() throws {
    let registry = MetricsRegistry()
    registry.registerProcess()
    let samples = try ExpositionText(parsing: text(registry)).samples
    #expect(samples.count == 7, "\(samples.keys)")
    #expect(try #require(samples["process_resident_memory_bytes"]) > 1_000_000)
    #expect(try #require(samples["process_threads"]) >= 1)
    #expect(try #require(samples["process_open_fds"]) >= 3)
    let start = try #require(samples["process_start_time_seconds"])
    #expect(abs(Double(time(nil)) - start) < 24 * 3600)
    #expect(Double(time(nil)) + 2 > start)
    #expect(try #require(samples["process_max_fds"]) >= 3)
  }

  /// In a process of its own, where no other test opens and closes files meanwhile.
  @Test func filesThatAreOpenedAreCounted() async {
    await #expect(processExitsWith: .success) {
      let registry = MetricsRegistry()
      registry.registerProcess()
      func openFiles() throws -> Double? {
        let text = String(decoding: registry.exposition(), as: UTF8.self)
        return try ExpositionText(parsing: text).samples["process_open_fds"]
      }
      let before = try #require(try openFiles())
      let more = (0..<3).map { _ in OutputPipe() }
      let after = try #require(try openFiles())
      #expect(after >= before + 6)
      #expect(more.count == 3)
    }
  }

  @Test func statusLineOfACommandWithParenthesesIsReadFromTheLastOne() throws {
    let text = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 250 150 0 0 20 0 9 0 1000 8192 3 18446744073709551615"
    let stat = try #require(ProcessFacts.Stat(text: text, ticksPerSecond: 100, pageBytes: 4096))
    #expect(stat.cpuSeconds == 4)
    #expect(stat.threads == 9)
    #expect(stat.startSecondsAfterBoot == 10)
    #expect(stat.virtualBytes == 8192)
    #expect(stat.residentBytes == 12_288)
    #expect(ProcessFacts.Stat(text: "7 (short) S 1", ticksPerSecond: 100, pageBytes: 4096) == nil)
  }

  @Test func namesThatPrometheusRefusesAreKnown() {
    #expect(MetricFamily.isMetricName("shoal:http_requests_total"))
    for name in ["", "9a", "a-b", "a b", "é"] { #expect(!MetricFamily.isMetricName(name), "\(name)") }
    for name in ["", "9a", "a:b", "__a", "a.b"] { #expect(!MetricFamily.isLabelName(name), "\(name)") }
  }
}
