import Glibc
import Testing

extension BadInputTests {
  /// Heavy, so one after the other.
  @Suite(.serialized) struct ManyConnections {
    private static let idleCount = 5000
    /// TARGETS: at most 4 KiB each. A debug build has larger frames.
    private static let memoryLimitKiB = 8

    @Test func fiveThousandIdleConnectionsCostLittleAndDelayNobody() throws {
      let limit = Machine.raiseDescriptorLimit()
      try #require(limit > Self.idleCount + 500, "the limit of open files is \(limit)")
      try withNode(settings: ["limits.connections_per_address": "10000"]) { node in
        var random = SeededRandom(seed: 8)
        let blob = Blob(random.bytes(8 << 20))
        let client = try node.connect()
        try client.push(blob, to: "a")
        let alone = try Self.pullTime(client, blob)
        let before = try node.residentKiB()
        var idle: [HTTPConnection] = []
        for _ in 0..<Self.idleCount {
          let connection = try node.connect()
          guard try connection.get("/v2/").status == 200 else { throw Trouble("connection \(idle.count) was refused") }
          idle.append(connection)
        }
        let each = Double(try node.residentKiB() - before) / Double(Self.idleCount)
        // Other tests may take the processors for a while.
        var busy = Duration.seconds(100)
        let isQuick = try eventually {
          busy = try Self.pullTime(client, blob)
          return busy < alone * 3 + .milliseconds(100)
        }
        print("idle connections: \(each) KiB each; a pull alone took \(alone), beside \(Self.idleCount) \(busy)")
        #expect(each < Double(Self.memoryLimitKiB))
        #expect(isQuick)
        try client.checkService()
        withExtendedLifetime(idle) {}
        idle = []
        #expect(eventually(within: .seconds(60)) { node.descriptorCount < 200 }, "\(node.whatItIsDoing())")
      }
    }

    /// The best of five.
    private static func pullTime(_ client: HTTPConnection, _ blob: Blob) throws -> Duration {
      var best = Duration.seconds(100)
      for _ in 0..<5 {
        let begin = ContinuousClock.now
        let answer = try client.get("/v2/a/blobs/\(blob.digest)")
        best = min(best, ContinuousClock.now - begin)
        guard answer.body == blob.bytes else { throw Trouble("wrong bytes beside idle connections") }
      }
      return best
    }

    @Test func connectionsOfOneAddressAreBounded() throws {
      try withNode(settings: ["limits.connections_per_address": "20"]) { node in
        var held: [HTTPConnection] = []
        for _ in 0..<20 {
          held.append(try node.connect())
          #expect(try held[held.count - 1].get("/v2/").status == 200)
        }
        let refused = try node.connect().answer()
        #expect(refused.status == 503)
        #expect(refused["Retry-After"] != nil)
        held.removeLast()
        #expect(try eventually { try node.connect().get("/v2/").status == 200 })
      }
    }

    /// The node has 64 descriptors and more clients than that. It turns them away without spinning, and goes on when
    /// they have left.
    @Test func nodeWithoutDescriptorsWaitsAndGoesOn() throws {
      var options = ShoalNode.Options()
      // What other tests' libraries have open, and did not ask to be closed on exec, would count against the 64.
      let closing = #"for file in /proc/$$/fd/*; do ((${file##*/} < 3)) || eval "exec ${file##*/}>&-"; done; exec "$@""#
      options.wrapper = ["bash", "-c", closing, "bash", "prlimit", "--nofile=64:64"]
      // Connecting to a node that takes nobody may last: the kernel asks again after seconds.
      options.settings["timeouts.idle"] = "10m"
      try withNode(options) { node in
        let first = try node.connect()
        try first.checkService()
        let blob = Blob("still here")
        try first.push(blob, to: "a")
        var crowd: [HTTPConnection] = []
        for _ in 0..<150 { crowd.append(try node.connect()) }
        // Those who came first have the descriptors; the others were closed on.
        var used = 0.0
        let rests = try eventually {
          let before = try node.processorSeconds()
          var nothing = pollfd(fd: first.socket, events: Int16(POLLIN), revents: 0)
          poll(&nothing, 1, 1000)
          used = try node.processorSeconds() - before
          return used < 0.5
        }
        #expect(rests, "\(used) s of processor time in a second without descriptors")
        // An old client is answered, if only that it should come again.
        var pressed: Int?
        do { pressed = try first.get("/v2/a/blobs/\(blob.digest)").status } catch { Issue.record("hung up: \(error)") }
        #expect(pressed == 200 || pressed == 503)
        #expect(node.process.hasEnded == false)
        crowd = []
        #expect(eventually { (try? node.connect().get("/v2/a/blobs/\(blob.digest)").body) == blob.bytes })
        // Descriptors of those who left may still be in use.
        #expect(eventually { (try? node.connect().checkService()) != nil })
        #expect(try node.stop() == .exit(0))
      }
    }
  }
}
