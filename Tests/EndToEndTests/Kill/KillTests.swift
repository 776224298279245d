import BlockingBodies
import BlockingWork
import Glibc
import Testing

/// Kill −9 at random moments of pushing and deleting, and the laws after each (docs/ARCHITECTURE.md, "The laws").
///
/// Four folders side by side, fifty kills each. `SHOAL_KILL_SEED` runs one seed again.
@Suite(.blocking)
struct KillTests {
  private static let killsPerFolder = 50
  private static let clients = 3

  static let seeds: [UInt64] = {
    if let named = getenv("SHOAL_KILL_SEED"), let seed = UInt64(String(cString: named)) { return [seed] }
    return (0..<4).map { _ in UInt64.random(in: 0...999_999) }
  }()

  @Test(arguments: seeds)
  func nothingAcknowledgedIsLostAndNothingDeletedComesBack(seed: UInt64) throws {
    print("kill seed \(seed)")
    var random = SeededRandom(seed: seed)
    let folder = try TemporaryFolder()
    let requests = Awaited(0)
    let clients = (0..<Self.clients).map { KillClient(number: $0, seed: seed, requests: requests) }
    do {
      var kills = 0
      while kills < Self.killsPerFolder {
        kills += try Self.killAtStart(folder, &random)
        try Self.round(folder, clients, requests, &random)
        kills += 1
      }
      try Self.checkAtRest(folder)
      let doubts = clients.reduce(0) { $0 + $1.ledger.doubts }
      print("kill seed \(seed): \(kills) kills, \(doubts) names in doubt were settled")
      // Kills that hit nothing would prove nothing.
      #expect(doubts > kills / 2)
    } catch let violation as Violation {
      Issue.record("seed \(seed): \(violation)")
    }
  }

  private static var options: ShoalNode.Options {
    var options = ShoalNode.Options()
    // So that a present manifest's blobs must be there too.
    options.settings = ["blobs.delete_needed": "refuse", "log.access": "false"]
    return options
  }

  /// One kill in ten comes while the node is starting.
  private static func killAtStart(_ folder: TemporaryFolder, _ random: inout SeededRandom) throws -> Int {
    guard Int.random(in: 0..<10, using: &random) == 0 else { return 0 }
    let process = try ShoalNode.launch(folder("data"), options)
    pause(microseconds: Int.random(in: 0..<60_000, using: &random))
    try process.kill()
    return 1
  }

  private static func round(
    _ folder: TemporaryFolder, _ clients: [KillClient], _ requests: Awaited<Int>, _ random: inout SeededRandom
  ) throws {
    let node = try ShoalNode(in: folder, options)
    let client = try node.connect()
    for worker in clients {
      try LawCheck(client: client).check(&worker.ledger, worker.repositories)
      worker.ledger.prune(keeping: 10)
    }
    let end = requests.change { $0 } + Int.random(in: 1...60, using: &random)
    let violations = Awaited<[Violation]>([])
    let threads = clients.map { worker in
      startThread(named: "kill-client") {
        do {
          try worker.work(node)
        } catch {
          violations.change { $0.append(error as? Violation ?? Violation("\(error)")) }
        }
        // Wakes the killer, who would wait for requests that never come.
        requests.change { $0 += 1000 }
      }
    }
    _ = requests.wait(within: .seconds(60)) { $0 >= end ? true : nil }
    // The moment of death within the request: chance, not a wait for anything.
    pause(microseconds: Int.random(in: 0..<4000, using: &random))
    try node.kill()
    for thread in threads { pthread_join(thread, nil) }
    if let violation = violations.change({ $0 }).first { throw violation }
    if let said = node.process.errors.lines.first(where: { $0.contains("\"level\":\"error\"") }) {
      throw Violation("the node complained: \(said)")
    }
  }

  /// After the last kill: every file is what its name says, and a node that starts and stops leaves nothing half done.
  private static func checkAtRest(_ folder: TemporaryFolder) throws {
    try ShoalNode(in: folder, options).stop()
    let blobs = folder("data/blobs/sha256")
    for shelf in TemporaryFolder.names(in: blobs) {
      for name in TemporaryFolder.names(in: "\(blobs)/\(shelf)") {
        let found = Blob.digest(of: try contents(of: "\(blobs)/\(shelf)/\(name)"))
        guard found == "sha256:\(name)" else { throw Violation("file \(name) holds \(found)") }
      }
    }
    let left = TemporaryFolder.names(in: folder("data/staging/temporary"))
    guard left.isEmpty else { throw Violation("staging/temporary holds \(left)") }
  }

  private static func pause(microseconds: Int) {
    var time = timespec(tv_sec: 0, tv_nsec: microseconds * 1000)
    nanosleep(&time, nil)
  }
}
