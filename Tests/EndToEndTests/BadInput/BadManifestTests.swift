import Testing

extension BadInputTests {
  @Suite struct BadManifests {
    struct Nonsense: Sendable, CustomTestStringConvertible {
      let name: String
      let bytes: [UInt8]

      init(_ name: String, _ bytes: [UInt8]) { (self.name, self.bytes) = (name, bytes) }
      init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

      var testDescription: String { name }
    }

    private static let digest = Blob("x").digest

    static let nonsense = [
      Nonsense("empty", ""), Nonsense("not JSON", "hello"), Nonsense("cut JSON", "{\"schemaVersion\":2,"),
      Nonsense("not UTF-8", [0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      Nonsense("UTF-16", Array("{}".utf16).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }),
      Nonsense("NUL", [0x7b, 0x00, 0x7d]), Nonsense("an array", "[]"), Nonsense("a number", "2"),
      Nonsense("null", "null"),
      Nonsense("a million brackets", String(repeating: "[", count: 1_000_000)),
      Nonsense(
        "a deep annotation",
        "{\"schemaVersion\":2,\"annotations\":{\"a\":" + String(repeating: "{\"a\":", count: 200_000) + "1"
          + String(repeating: "}", count: 200_000) + "}}"),
      Nonsense("no config", "{\"schemaVersion\":2,\"layers\":[]}"),
      Nonsense("schema 1", "{\"schemaVersion\":1,\"config\":{},\"layers\":[]}"),
      Nonsense("config is a list", "{\"schemaVersion\":2,\"config\":[],\"layers\":[]}"),
      Nonsense(
        "negative size",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"\(digest)\",\"size\":-1},\"layers\":[]}"),
      Nonsense(
        "size beyond numbers",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"\(digest)\",\"size\":1e400},\"layers\":[]}"
      ),
      Nonsense(
        "digest that climbs",
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"../../x\",\"size\":1},\"layers\":[]}"),
      Nonsense(
        "another media type",
        "{\"schemaVersion\":2,\"mediaType\":\"\(MediaTypes.index)\",\"config\":{},\"layers\":[]}"),
    ]

    @Test(arguments: nonsense)
    func manifestThatIsNoneIsRefusedQuickly(_ nonsense: Nonsense) throws {
      try withNode { node in
        let client = try node.connect()
        let begin = ContinuousClock.now
        let answer = try client.ask(
          "PUT", "/v2/a/manifests/v1", [("Content-Type", MediaTypes.manifest)], body: nonsense.bytes)
        #expect(answer.status == 400)
        #expect(answer.errorCodes == ["MANIFEST_INVALID"])
        #expect(ContinuousClock.now - begin < .seconds(60))
        #expect(try client.get("/v2/a/manifests/v1").status == 404)
        try client.checkService()
      }
    }

    /// The limit holds for a body whose length nobody said, too.
    @Test func manifestOverTheLimitIs413HoweverItIsSent() throws {
      try withNode { node in
        let fields = [("Content-Type", MediaTypes.manifest)]
        let huge = [UInt8](repeating: 0x20, count: (4 << 20) + 1)
        #expect(try node.ask("PUT", "/v2/a/manifests/v1", fields, body: huge).status == 413)
        let said = try node.connect()
        try said.sendHead("PUT", "/v2/a/manifests/v1", fields + [("Content-Length", "999999999999")])
        #expect(try said.answer().status == 413)
        let unsaid = try node.connect()
        try unsaid.sendHead("PUT", "/v2/a/manifests/v1", fields + [("Transfer-Encoding", "chunked")])
        try unsaid.send("\(String(huge.count, radix: 16))\r\n")
        try unsaid.send(huge + Array("\r\n0\r\n\r\n".utf8))
        let answer = try unsaid.answer()
        #expect(answer.status == 413)
        #expect(answer.errorCodes == ["SIZE_INVALID"])
        try node.connect().checkService()
      }
    }
  }
}
