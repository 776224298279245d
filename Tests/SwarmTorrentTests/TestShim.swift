import BlockingWork
import CTorrent
import RegistryCore

@testable import SwarmTorrent

/// A session of the shim with nobody between it and the test: what it tells is taken when the test wants it.
final class TestShim: Sendable {
  let session: ShimSession
  private let work: BlockingPool
  /// What was heard while a fetch began, for those who listen after that.
  private let early = Lock<(events: [ct_event], words: [ct_word])>(([], []))

  /// A fleet session on `127.0.0.<host>` that tells words of every torrent.
  init(_ host: Int, work: BlockingPool, _ change: (inout SwarmOptions) -> Void = { _ in }) throws {
    var options = SwarmOptions(role: .fleet, listen: ["127.0.0.\(host):0"])
    options.hidesFromBytes = 0
    change(&options)
    self.work = work
    session = try ShimSession(options)
    for admitted in 1...4 { try session.admit("127.0.0.\(admitted)") }
  }

  /// Two sessions, with nobody between them and the test, that are closed afterwards.
  static func two(_ body: (_ seed: TestShim, _ other: TestShim) async throws -> Void) async throws {
    let work = BlockingPool(name: "test-shims", threads: 4)
    defer { work.stop() }
    let (seed, other) = (try TestShim(1, work: work), try TestShim(2, work: work))
    do {
      try await body(seed, other)
    } catch {
      await seed.close()
      await other.close()
      throw error
    }
    await seed.close()
    await other.close()
  }

  /// - Returns: its number.
  func seed(_ blob: TestBlob) async throws -> UInt64 {
    let file = try blob.open()
    return try await start(blob.v2, file, isSeed: true, [])
  }

  func fetch(_ blob: TestBlob, into target: TestTarget, from seed: TestShim) async throws -> UInt64 {
    try await fetch(blob, into: target, from: seed.session.endpoints)
  }

  /// Until it hears something: a fetch goes on only when somebody takes the session's events.
  func fetch(_ blob: TestBlob, into target: TestTarget, from peers: [PeerEndpoint]) async throws -> UInt64 {
    let number = try await start(blob.v2, target.file, isSeed: false, peers)
    try await hear(within: 60) { [early] events, words in
      early.withLock { $0 = (events, words) }
      return !events.isEmpty || !words.isEmpty
    }
    return number
  }

  private func start(
    _ torrent: SwarmTorrent, _ file: BlobFile, isSeed: Bool, _ peers: [PeerEndpoint]
  ) async throws -> UInt64 {
    try await work.run { [session] () throws -> UInt64 in
      let number = try session.prepare(torrent, isSeed: isSeed, descriptor: file.descriptor, peers: peers)
      try session.start(number)
      return number
    }
  }

  /// Takes events and words until it is done.
  func listen(
    within seconds: Int = 60, until isDone: @escaping @Sendable ([ct_event], [ct_word]) throws -> Bool
  ) async throws {
    let (events, words) = early.withLock { early in
      defer { early = ([], []) }
      return early
    }
    if try isDone(events, words) { return }
    try await hear(within: seconds, isDone)
  }

  private func hear(
    within seconds: Int, _ isDone: @escaping @Sendable ([ct_event], [ct_word]) throws -> Bool
  ) async throws {
    try await work.run { [session] () throws in
      let deadline = ContinuousClock.now + .seconds(seconds)
      var events: [ct_event] = []
      while ContinuousClock.now < deadline {
        guard session.wait(into: &events, capacity: 64, milliseconds: 100) else { throw TestFailure("it was closed") }
        if try isDone(events, session.words(capacity: 64)) { return }
      }
      throw TestFailure("waited \(seconds) s")
    }
  }

  /// The next word of this kind. What was said after it is heard later.
  func next(_ kind: ct_word_kind) async throws -> ct_word {
    let found = Lock<ct_word?>(nil)
    try await listen { [early] _, words in
      guard let place = words.firstIndex(where: { ct_word_kind(UInt32($0.kind)) == kind }) else { return false }
      found.withLock { $0 = words[place] }
      early.withLock { $0.words = Array(words[(place + 1)...]) }
      return true
    }
    guard let word = found.withLock({ $0 }) else { throw TestFailure("no such word") }
    return word
  }

  /// The only torrent's numbers.
  var status: ct_status {
    get throws {
      guard let status = session.statuses().first else { throw TestFailure("no torrent is live") }
      return status
    }
  }

  /// Until so many pieces were verified; what words say meanwhile is heard later.
  func listen(forPieces count: Int) async throws {
    let (verified, heard) = (Lock(0), Lock<[ct_word]>([]))
    try await listen { events, words in
      heard.withLock { $0 += words }
      return verified.withLock { verified in
        verified += events.count { $0.kind == CT_EVENT_PIECE }
        return verified >= count
      }
    }
    early.withLock { $0.words = heard.withLock { $0 } }
  }

  func close() async { await work.run { [session] in session.close() } }
}

/// What a test learns of one torrent's peers by words.
struct HeardWords: Sendable {
  var all: [ct_word] = []
  var pieces: [UInt32: Set<Int>] = [:]
  private var joined: Set<UInt32> = []

  /// Words of peers that have not joined are remains of those that were lost.
  mutating func take(_ words: [ct_word]) {
    for word in words {
      if ct_word_kind(UInt32(word.kind)) == CT_WORD_JOINED { joined.insert(word.peer) }
      guard joined.contains(word.peer) else { continue }
      all.append(word)
      guard ct_word_kind(UInt32(word.kind)) == CT_WORD_HAS else { continue }
      pieces[word.peer, default: []].formUnion(Int(word.piece)..<Int(word.piece + word.count))
    }
  }

  func kinds(of peer: UInt32) -> [ct_word_kind] {
    all.filter { $0.peer == peer }.map { ct_word_kind(UInt32($0.kind)) }
  }
}
