import FoundationEssentials
import Glibc
import Testing

extension LifecycleTests {
  /// What an operator sees of a node.
  @Suite struct Observation {
    @Test func healthReadinessAndMetricsAnswer() throws {
      try withNode { node in
        let client = try node.connect()
        try client.checkService()
        #expect(try client.get("/healthz").status == 200)
        #expect(try client.get("/readyz").status == 200)
        let metrics = try client.get("/metrics")
        #expect(metrics.status == 200)
        #expect(metrics["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
        for name in [
          "shoal_http_requests_total{route=\"manifest\",status=\"2xx\"}", "shoal_http_request_duration_seconds_bucket",
          "shoal_http_connections", "shoal_uploads_open", "process_resident_memory_bytes", "process_open_fds",
        ] {
          #expect(metrics.text.contains(name), "no \(name)")
        }
        // Labels are bounded: never a repository or a digest.
        #expect(!metrics.text.contains("next/client"))
        #expect(!metrics.text.contains("sha256:"))
      }
    }

    @Test func metricsCanBeSwitchedOff() throws {
      try withNode(settings: ["metrics.enabled": "false"]) { node in
        let answer = try node.ask("GET", "/metrics")
        #expect(answer.status == 404)
      }
    }

    /// The operator's API is on the node's own socket alone, and that is its owner's alone.
    @Test func operatorRoutesDoNotExistForTheNetwork() throws {
      try withNode { node in
        for target in ["/operator/v1/node", "/operator/v1/images", "/operator/v1/", "/operator"] {
          let answer = try node.ask("GET", target)
          #expect(answer.status == 404)
        }
        var status = stat()
        #expect(stat(node.data + "/control.sock", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
      }
    }

    private struct AccessLine: Decodable {
      let time: String
      let level: String
      let method: String
      let path: String
      let status: Int
      let sent: Int
      let received: Int
      let took: Double
      let client: String
      let agent: String
      let request: String

      enum CodingKeys: String, CodingKey {
        case time, level, method, path, status, client, agent
        case sent = "sent.bytes"
        case received = "received.bytes"
        case took = "took.ms"
        case request = "request.id"
      }
    }

    @Test func accessLineTellsTheRequest() throws {
      try withNode { node in
        let client = try node.connect()
        let blob = Blob("logged")
        try client.push(blob, to: "a")
        let answer = try client.get(
          "/v2/a/blobs/\(blob.digest)?token=secret", [("User-Agent", "te\"st")])
        let line = try #require(
          node.process.errors.line { $0.contains("\"GET\"") && $0.contains("/v2/a/blobs/\(blob.digest)") })
        let logged = try JSONDecoder().decode(AccessLine.self, from: Data(line.utf8))
        #expect(logged.level == "info")
        #expect(logged.path == "/v2/a/blobs/\(blob.digest)")
        #expect(logged.status == 200)
        #expect(logged.sent >= blob.bytes.count)
        #expect(logged.took >= 0)
        #expect(logged.client.hasPrefix("127.0.0.1"))
        #expect(logged.agent == "te\"st")
        #expect(logged.request == answer["X-Request-Id"])
        #expect(logged.time.hasSuffix("Z"))
      }
    }

    /// Every line is one JSON object, whatever a client writes into it.
    @Test func everyLineIsJSONAndHoldsNoSecret() throws {
      try withNode { node in
        let secret = "c2VjcmV0OnNlY3JldA"
        let fields = [("Authorization", "Basic \(secret)"), ("User-Agent", "a\u{7f}b\\\"é\u{202e}")]
        for target in ["/v2/", "/v2/a/manifests/v1", "/v2/A/blobs/x", "/metrics", "/\u{1b}[31m", "/v2/%0a%22"] {
          let client = try node.connect()
          try client.sendHead("GET", target, fields)
          try client.send("")
          _ = try client.answer()
        }
        _ = try node.ask("POST", "/v2/a/blobs/uploads/?digest=\(Blob("y").digest)", fields, body: [1])
        let broken = try node.connect()
        try broken.send("GET /v2/ HTTP/1.1\r\nAuthorization : Basic \(secret)\r\n\r\n")
        _ = try broken.everything()
        broken.close()
        try node.connect().checkService()
        #expect(try node.stop() == .exit(0))
        let text = node.process.errors.complete()
        #expect(!text.contains(secret))
        for line in text.split(separator: "\n") {
          #expect(throws: Never.self, "\(line)") {
            _ = try JSONDecoder().decode(AnyLine.self, from: Data(line.utf8))
          }
          #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7f })
        }
      }
    }

    private struct AnyLine: Decodable {
      let time: String
      let level: String
      let message: String
    }
  }
}
