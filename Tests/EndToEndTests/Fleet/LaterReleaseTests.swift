import BlockingBodies
import FleetCore
import FleetService
import Glibc
import OpenSSLKit
import RegistryCore
import Testing

/// A member that runs a later release, beside nodes of this one: it says what they do not know.
@Suite(.serialized, .blocking)
struct LaterReleaseTests {
  /// Speaks with a member's key and certificate, while that member itself is away.
  private struct Voice {
    let data: String
    let folder: TemporaryFolder

    var keys: FleetKeys { get throws { FleetKeys(try Ed25519Key.load("\(data)/node.key")) } }

    func say(_ bytes: [UInt8], to node: ShoalNode) throws -> (status: String, answer: [UInt8]) {
      let (question, answer) = (folder("question"), folder("answer"))
      try write(bytes, to: question)
      let process = try ChildProcess([
        "curl", "-sk", "--cert", "\(data)/fleet/node.crt", "--key", "\(data)/node.key", "--data-binary",
        "@\(question)", "-o", answer, "-w", "%{http_code}",
        "https://127.0.0.1:\(try node.fleetPort())/fleet/v1/message",
      ])
      try process.wait()
      return (process.output.complete(), try LaterReleaseTests.read(answer))
    }

    func ask(_ message: FleetMessage, of node: ShoalNode) throws -> FleetMessage? {
      FleetMessage(bytes: try say(message.bytes, to: node).answer)
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
      let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard file >= 0, Glibc.write(file, bytes, bytes.count) == bytes.count else {
        throw Trouble("cannot write \(path)")
      }
      close(file)
    }
  }

  private static func fleet() throws -> (SmallFleet, Voice) {
    let fleet = try SmallFleet("a", "b", "later")
    try fleet["later"].kill()
    return (fleet, Voice(data: fleet["later"].data, folder: fleet.folder))
  }

  @Test func whatIsNotKnownIsAnsweredAndWhatIsKnownUnderstood() throws {
    let (fleet, voice) = try Self.fleet()
    let unknown = try voice.say(Array("d1:t8:teleport1:vi9ee".utf8), to: fleet["a"])
    #expect(unknown.status == "200" && FleetMessage(bytes: unknown.answer) == .unsupported)
    let known = try voice.say(Array("d6:latelyli1ei2ee1:t8:ownheads1:vi9ee".utf8), to: fleet["a"])
    guard known.status == "200", case .heads = FleetMessage(bytes: known.answer) else {
      Issue.record("\(known)")
      return
    }
    #expect(try voice.say(Array("nonsense".utf8), to: fleet["a"]).status == "400")
  }

  @Test func whatCannotBeReadIsPassedOverToldOnceAndTheRestTaken() throws {
    let (fleet, voice) = try Self.fleet()
    let claim = try Self.claim(of: try voice.keys, fleet: fleet)
    let run = try #require(ClaimRun(after: 0, [claim]))
    let later = BencodeValue.list([.bytes(Array("of a later release".utf8))])
    let rumour = BencodeValue.dictionary(["a": .integer(0), "c": .list([.bytes(claim.bytes)]), "h": .integer(0)])
    let message = BencodeValue.dictionary([
      "cards": later, "forks": later, "records": later, "runs": .list([rumour]), "t": .text("push"), "v": .integer(2),
    ])
    for _ in 0..<3 {
      let said = try voice.say(message.encoded, to: fleet["a"])
      #expect(said.status == "200" && FleetMessage(bytes: said.answer) == .taken)
    }
    let pull = FleetMessage.pull([Want(writer: claim.body.writer, after: 0)])
    for name in ["a", "b"] {
      #expect(try eventually { try voice.ask(pull, of: fleet[name]) == .runs([run]) }, "\(name) does not have the rest")
    }
    let isCounted = try eventually {
      try fleet["a"].ask("GET", "/metrics").text.contains("shoal_fleet_passed_over_total 9")
    }
    #expect(isCounted)
    #expect(fleet["a"].process.errors.line { $0.contains("cannot read") } != nil)
    #expect(fleet["a"].process.errors.lines.count { $0.contains("cannot read") } == 1)
  }

  @Test func aClaimOfAKindThatNobodyKnowsIsKeptAndHandedOn() throws {
    let (fleet, voice) = try Self.fleet()
    let keys = try voice.keys
    let claim = try Self.claim(of: keys, fleet: fleet)
    let run = try #require(ClaimRun(after: 0, [claim]))
    let said = try voice.ask(.push(Gossip(rumours: [Gossip.Rumour(run, hops: 0)])), of: fleet["a"])
    #expect(said == .taken)
    let pull = FleetMessage.pull([Want(writer: claim.body.writer, after: 0)])
    for name in ["a", "b"] {
      #expect(try eventually { try voice.ask(pull, of: fleet[name]) == .runs([run]) }, "\(name) does not hand it on")
    }
    // It says nothing about any name, and does no harm.
    let image = TestImage("still an image")
    try fleet["a"].connect().push(image, to: "team/app", as: "1")
    #expect(try fleet["b"].answers(200, to: "/v2/team/app/manifests/1"))
    try fleet["b"].kill()
    try fleet.start("b")
    #expect(try eventually { try voice.ask(pull, of: fleet["b"]) == .runs([run]) }, "it was not kept")
  }

  @Test func aWriterThatUsedANumberTwiceIsNamedInTheList() throws {
    let (fleet, voice) = try Self.fleet()
    let keys = try voice.keys
    // Whoever of the two hears of the other claim first is told nothing new by its own, and asks a node that is away: then
    // once more, in another epoch.
    let found = try (1...5).contains { round in
      for (name, value) in [("a", "one"), ("b", "another")] {
        let claim = try Self.claim(of: keys, fleet: fleet, epoch: 1_000_000 + Int64(round), saying: value)
        let run = try #require(ClaimRun(after: 0, [claim]))
        // Handed on so often that nobody hands it on: the two find it when they compare.
        let rumour = Gossip.Rumour(run, hops: FleetLimits.rumourHops)
        #expect(try voice.ask(.push(Gossip(rumours: [rumour])), of: fleet[name]) == .taken)
      }
      return try eventually(within: .seconds(15)) {
        try ["a", "b"].allSatisfy { try !(fleet.listing($0).members.first { $0.name == "later" }?.twins ?? []).isEmpty }
      }
    }
    #expect(found)
    let member = try #require(try fleet.listing("a").members.first { $0.name == "later" })
    #expect(member.node == keys.node.description)
    #expect(try #require(member.twins).allSatisfy { $0.epoch > 1_000_000 && $0.number == 1 })
    let said = try fleet.command("ls", at: "b").errors
    #expect(said.contains("later (\(member.node.prefix(12))) used number 1 of epoch"), "\(said)")
    #expect(try fleet.listing("a").members.filter { $0.name != "later" }.allSatisfy { $0.twins == nil })
  }

  private static func claim(
    of keys: FleetKeys, fleet: SmallFleet, epoch: Int64 = 1_000_000, saying value: String = "a value"
  ) throws -> SignedClaim {
    let authority = try #require(
      OpenSSLKit.Certificate(pem: Self.read("\(fleet["a"].data)/fleet/ca.crt"))?.key.ed25519.flatMap { PublicKey($0) })
    let writer = WriterID(node: keys.node, epoch: epoch)
    let root = try #require(
      ClaimHash(StreamingHash.hash(writer.rootBytes(in: authority.fleet(keys)), .sha256)))
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let body = SignedClaim.Body(
      writer: writer, sequence: 1, clock: HybridTime(milliseconds: Int64(time.tv_sec) * 1000),
      kind: ClaimKind(rawValue: 77), repository: try RepositoryName(parsing: "team/app"), key: Array("a key".utf8),
      value: Array(value.utf8), previous: root)
    return try #require(SignedClaim(body, signature: keys.sign(body.signedBytes)))
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Trouble("cannot read \(path)") }
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
      count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
    }
  }
}
