import BlockingWork
import RegistryCore
import RegistryHTTP
import RegistryService
import Testing
import Wire

/// Every row of the table, within the process and over a real socket.
struct APITableTests {
  @Test(arguments: Stories.all, Transport.allCases)
  func theAnswersAreThoseOfTheTable(_ story: Story, _ transport: Transport) async throws {
    let registry = TestRegistry(public: story.patterns)
    defer { registry.work.stop() }
    switch transport {
    case .inProcess:
      try await tell(story) { call, target in try await registry.answer(call, target) }
    case .socket:
      let server = try HTTPServer(
        configuration: .init(listeners: [.tcp(host: "127.0.0.1", port: 0)], loops: 1), handler: registry.handler)
      guard case .network(_, let port)? = server.addresses.first else {
        Issue.record("the server has no address")
        return
      }
      let client = BlockingPool(name: "client", threads: 1)
      defer { client.stop() }
      try await tell(story) { call, target in
        try await client.run { try SocketClient(port: port).answer(call, target) }
      }
      await server.stop(within: .seconds(5))
    }
  }

  private func tell(_ story: Story, _ ask: (Call, String) async throws -> Answer) async throws {
    var upload = ""
    for (row, call) in story.calls.enumerated() {
      let target = call.target.replacing("{upload}", with: upload)
      let answer = try await ask(call, target)
      let place = "row \(row): \(call.method) \(target)"
      check(answer, call, place)
      if call.method == "POST", answer.status == 202 { upload = answer.fields["Location"] ?? "" }
    }
  }

  private func check(_ answer: Answer, _ call: Call, _ place: String) {
    let text = String(decoding: answer.body, as: UTF8.self)
    #expect(answer.status == call.status, "\(place): \(text)")
    for (name, value) in call.expects {
      #expect(answer.fields[name] == value, "\(place): \(name)")
    }
    if let body = call.expectsBody { #expect(answer.body == body, "\(place)") }
    if let wanted = call.expectsText { #expect(text.contains(wanted), "\(place): \(text)") }
    #expect(answer.fields["X-Request-Id"] != nil, "\(place)")
  }
}
