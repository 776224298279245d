import Testing

extension BadInputTests {
  /// Clients that take their time. A slow one is cut off however evenly it trickles, and costs the others nothing.
  @Suite struct SlowClients {
    @Test func headThatTricklesIsCutOff() throws {
      try withNode(settings: ["timeouts.head": "5s"]) { node in
        let slow = try node.connect()
        try slow.send("GET /v2/ HTTP/1.1\r\nX-Slow: ")
        let took = try slow.trickle("a", every: .milliseconds(50), atMost: .seconds(60))
        #expect(took > .milliseconds(2500) && took < .seconds(55))
        #expect(try slow.head().status == 408)
        try node.connect().checkService()
      }
    }

    @Test func clientThatSaysNothingIsCutOff() throws {
      try withNode(settings: ["timeouts.head": "5s", "timeouts.idle": "5s"]) { node in
        let silent = try node.connect()
        let idle = try node.connect()
        #expect(try idle.get("/v2/").status == 200)
        let begin = ContinuousClock.now
        #expect(try silent.isClosedByServer())
        #expect(try idle.isClosedByServer())
        #expect(ContinuousClock.now - begin < .seconds(50))
        try node.connect().checkService()
      }
    }

    @Test(arguments: ["", "\u{16}\u{3}\u{1}"])
    func handshakeThatDoesNotComeIsCutOff(said: String) throws {
      let folder = try TemporaryFolder()
      var options = ShoalNode.Options()
      options.settings = try Certificate(in: folder, name: "slow").settings
      options.settings["timeouts.handshake"] = "1s"
      let node = try ShoalNode(in: folder, options)
      // The first also waits until the node has opened all that it opens once.
      try Self.shakeSlowly(node, said)
      let before = node.descriptorCount
      for _ in 0..<3 { try Self.shakeSlowly(node, said) }
      #expect(eventually { node.descriptorCount <= before })
      #expect(node.process.hasEnded == false)
    }

    private static func shakeSlowly(_ node: ShoalNode, _ said: String) throws {
      let slow = try node.connect()
      try slow.send(said)
      let begin = ContinuousClock.now
      #expect(try slow.isClosedByServer())
      #expect(ContinuousClock.now - begin < .seconds(50))
    }

    /// Bodies have a minimum rate with a grace of half a minute, which this test sits out, in both directions at once.
    @Test func bodiesSlowerThanTheMinimumRateAreCutOff() throws {
      try withNode(settings: ["limits.body_rate_minimum": "64KiB"]) { node in
        var random = SeededRandom(seed: 9)
        let large = Blob(random.bytes(32 << 20))
        let client = try node.connect()
        try client.push(large, to: "a")
        // Asks for much and reads nothing.
        let reader = try node.connect()
        try reader.sendHead("GET", "/v2/a/blobs/\(large.digest)")
        let sender = try node.connect()
        let location = try sender.beginUpload(in: "a")
        try sender.sendHead("PATCH", location, length: 10_000_000)
        let took = try sender.trickle("a", every: .milliseconds(100), atMost: .seconds(120))
        #expect(took < .seconds(110))
        // Cut off: whether an error could still be said or not, nothing was accepted.
        let said = String(decoding: try sender.everything(), as: UTF8.self)
        #expect(!said.contains(" 20"), "\(said)")
        #expect(reader.isCut(within: .seconds(90)))
        try node.connect().checkService()
        // What came is kept: the upload goes on where it stopped.
        let rest = try node.ask("GET", location)
        #expect(rest.status == 204)
        #expect(rest["Range"] != "0-0")
      }
    }
  }
}
