import Telemetry
import Wire

/// Requests by route and class of status. Every series exists from the start; no client can make another.
struct HTTPMetrics: Sendable {
  private let requests: [Counter]
  private let durations: [Histogram]
  private let bytesSent: Counter
  private let bytesReceived: Counter
  private let cut: Counter

  private static let classes = 1...5

  init(_ registry: MetricsRegistry) {
    requests = RoutePattern.allCases.flatMap { route in
      Self.classes.map { hundreds in
        registry.counter(
          "shoal_http_requests_total", "Requests answered.", labels: ["route": route.label, "status": "\(hundreds)xx"])
      }
    }
    durations = RoutePattern.allCases.map { route in
      registry.histogram(
        "shoal_http_request_duration_seconds", "From a request's head to its answer's last byte.",
        labels: ["route": route.label])
    }
    bytesSent = registry.counter("shoal_http_sent_bytes_total", "Bytes of answers' bodies.")
    bytesReceived = registry.counter("shoal_http_received_bytes_total", "Bytes of requests' bodies.")
    cut = registry.counter("shoal_http_cut_total", "Answers that did not reach their end.")
  }

  func count(_ request: Request, _ exchange: Exchange) {
    let route = RoutePattern(path: request.path)
    let hundreds = min(max(exchange.status / 100, Self.classes.lowerBound), Self.classes.upperBound)
    requests[route.rawValue * Self.classes.count + hundreds - Self.classes.lowerBound].add()
    durations[route.rawValue].observe(Double(exchange.nanoseconds) / 1e9)
    bytesSent.add(exchange.bytesSent)
    bytesReceived.add(exchange.bytesReceived)
    if exchange.isCut { cut.add() }
  }
}
