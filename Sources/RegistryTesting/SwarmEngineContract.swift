import Glibc
import RegistryCore

/// What the contract's checks need: engines that reach each other on this machine, and torrents of bytes.
public struct SwarmBench: Sendable {
  let makeEngine: @Sendable () async throws -> any SwarmEngine
  let torrent: @Sendable ([UInt8], TorrentVersion) async throws -> SwarmTorrent
  let patience: Duration

  /// - Parameter torrent: of the bytes, with its piece layer, as our recipe makes it.
  /// - Parameter patience: for whatever is waited for; nothing takes that long when all is well.
  public init(
    patience: Duration = .seconds(20), makeEngine: @escaping @Sendable () async throws -> any SwarmEngine,
    torrent: @escaping @Sendable ([UInt8], TorrentVersion) async throws -> SwarmTorrent
  ) {
    self.patience = patience
    self.makeEngine = makeEngine
    self.torrent = torrent
  }

  /// Runs the body with engines that are closed afterwards.
  func withEngines(
    _ count: Int, _ body: ([any SwarmEngine]) async throws -> Void
  ) async throws {
    var engines: [any SwarmEngine] = []
    for _ in 0..<count { engines.append(try await makeEngine()) }
    do {
      try await body(engines)
    } catch {
      for engine in engines { await engine.close() }
      throw error
    }
    for engine in engines { await engine.close() }
  }

  /// Fetches from the peers until whole, and compares.
  @discardableResult
  fileprivate func fetch(
    _ torrent: SwarmTorrent, of bytes: [UInt8], by engine: any SwarmEngine, from peers: [any SwarmEngine],
    into given: BlobFile? = nil
  ) async throws -> (file: BlobFile, events: SwarmEvents) {
    let file = try given ?? NamelessFile.sized(torrent.size)
    let events = SwarmEvents()
    try await engine.fetch(torrent, into: file, from: peers.compactMap(\.endpoint), observer: events.observer)
    try await events.untilWhole(within: patience)
    try StoreViolation.unlessEqual(
      try NamelessFile.read(file, from: 0, count: bytes.count + 1), bytes, "the bytes that arrived")
    return (file, events)
  }

  func numbers(of torrent: SwarmTorrent, in engine: any SwarmEngine) async throws -> LiveTorrent {
    guard let found = await engine.live().first(where: { $0.infoHash == torrent.infoHash }) else {
      throw StoreViolation(description: "the torrent is not live")
    }
    return found
  }
}

/// What every implementation of `SwarmEngine` does. Events are waited for, with a deadline that only a fault meets.
public enum SwarmEngineContract {
  public typealias Clause = StoreClause<SwarmBench>

  public static let clauses = moving + ending + faults + relief

  static let pieceBytes = TorrentRecipe.pieceBytes(forSize: 1)

  static let moving = [
    Clause("aFetchBringsTheBytesOfASeed") { bench in
      try await bench.withEngines(2) { engines in
        let sizes = [1, 16_383, 16_384, 16_385, pieceBytes - 1, pieceBytes, pieceBytes + 1, 20 * pieceBytes + 7]
        for (at, size) in sizes.enumerated() {
          for version in TorrentVersion.allCases {
            let bytes = seededBytes(size, seed: UInt64(at))
            let torrent = try await bench.torrent(bytes, version)
            try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
            let (_, events) = try await bench.fetch(torrent, of: bytes, by: engines[1], from: [engines[0]])
            try StoreViolation.unlessEqual(
              events.pieces.sorted(), Array(0..<torrent.pieceCount), "each piece told of once, \(size) bytes")
          }
        }
      }
    },
    Clause("aPieceIsReadableByTheTimeItIsToldOf") { bench in
      try await bench.withEngines(2) { engines in
        let bytes = seededBytes(30 * pieceBytes + 5, seed: 20)
        let torrent = try await bench.torrent(bytes, .v2)
        try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
        let (file, events, wrong) = (try NamelessFile.sized(torrent.size), SwarmEvents(), SwarmEvents())
        let (observer, complaint) = (events.observer, wrong.observer)
        try await engines[1].fetch(torrent, into: file, from: [engines[0]].compactMap(\.endpoint)) { event in
          if case .verified(let piece) = event {
            let due = Array(bytes.dropFirst(piece * torrent.pieceBytes).prefix(torrent.pieceBytes))
            let seen = try? NamelessFile.read(file, from: Int64(piece * torrent.pieceBytes), count: due.count)
            if seen != due { complaint(event) }
          }
          observer(event)
        }
        try await events.untilWhole(within: bench.patience)
        try StoreViolation.unlessEqual(wrong.pieces, [], "pieces that could not be read when they were told of")
        guard case .whole = events.all.last else { throw StoreViolation(description: "whole is not told last") }
      }
    },
    Clause("whatTheFileHoldsAlreadyIsNotFetchedAgain") { bench in
      try await bench.withEngines(2) { engines in
        let bytes = seededBytes(40 * pieceBytes, seed: 21)
        let torrent = try await bench.torrent(bytes, .v2)
        try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
        let file = try NamelessFile.sized(torrent.size)
        try NamelessFile.write(Array(bytes[..<(30 * pieceBytes)]), at: 0, to: file)
        let (_, events) = try await bench.fetch(torrent, of: bytes, by: engines[1], from: [engines[0]], into: file)
        try StoreViolation.unlessEqual(Set(events.pieces), Set(0..<40), "pieces that were told of")
        let moved = try await bench.numbers(of: torrent, in: engines[1]).downloadedBytes
        try StoreViolation.unless(moved < 20 * Int64(pieceBytes), "\(moved) bytes moved where ten pieces were missing")
      }
    },
    Clause("aFetchedTorrentSeedsOnFromItsNewFile") { bench in
      try await bench.withEngines(3) { engines in
        let bytes = seededBytes(10 * pieceBytes + 1, seed: 22)
        let torrent = try await bench.torrent(bytes, .v2)
        try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
        let (file, _) = try await bench.fetch(torrent, of: bytes, by: engines[1], from: [engines[0]])
        try await engines[1].settle(torrent.infoHash, on: NamelessFile.readOnly(file))
        await engines[0].withdraw(torrent.infoHash)
        try await bench.fetch(torrent, of: bytes, by: engines[2], from: [engines[1]])
        try StoreViolation.unless(
          try await bench.numbers(of: torrent, in: engines[1]).isSeeding, "it does not seed any more")
      }
    },
    Clause("peersMayBeNamedLater") { bench in
      try await bench.withEngines(2) { engines in
        let bytes = seededBytes(3 * pieceBytes, seed: 23)
        let torrent = try await bench.torrent(bytes, .v2)
        try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
        let (file, events) = (try NamelessFile.sized(torrent.size), SwarmEvents())
        try await engines[1].fetch(torrent, into: file, from: [], observer: events.observer)
        await engines[1].hurry(1..<3, of: torrent.infoHash)
        await engines[1].introduce([engines[0]].compactMap(\.endpoint), to: torrent.infoHash)
        try await events.untilWhole(within: bench.patience)
        try StoreViolation.unlessEqual(
          try NamelessFile.read(file, from: 0, count: bytes.count), bytes, "the bytes that arrived")
      }
    },
    Clause("aSeedNeedsNoReadToBeLiveAndSaysWhatItIs") { bench in
      try await bench.withEngines(1) { engines in
        let bytes = seededBytes(5 * pieceBytes + 9, seed: 24)
        for version in TorrentVersion.allCases {
          let torrent = try await bench.torrent(bytes, version)
          for _ in 0..<2 {
            try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
          }
          let numbers = try await bench.numbers(of: torrent, in: engines[0])
          try StoreViolation.unlessEqual(numbers.digest, torrent.digest, "the digest")
          try StoreViolation.unlessEqual(numbers.size, torrent.size, "the size")
          try StoreViolation.unlessEqual(numbers.verifiedBytes, torrent.size, "the verified bytes")
          try StoreViolation.unless(numbers.isSeeding, "it does not seed")
        }
        try StoreViolation.unlessEqual(await engines[0].live().count, 2, "live torrents")
      }
    },
  ]

  static let ending = [
    Clause("aWithdrawnTorrentIsGoneAndMayComeBack") { bench in
      try await bench.withEngines(2) { engines in
        let bytes = seededBytes(3 * pieceBytes, seed: 25)
        let torrent = try await bench.torrent(bytes, .v2)
        for _ in 0..<3 {
          try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
          try await bench.fetch(torrent, of: bytes, by: engines[1], from: [engines[0]])
          for engine in engines {
            for _ in 0..<2 { await engine.withdraw(torrent.infoHash) }
            try StoreViolation.unlessEqual(await engine.live().count, 0, "live after it was withdrawn")
          }
        }
      }
    },
    Clause("aFetchThatIsWithdrawnSaysNothingMoreAndLeavesItsFileAlone") { bench in
      try await bench.withEngines(2) { engines in
        let bytes = seededBytes(200 * pieceBytes, seed: 26)
        let torrent = try await bench.torrent(bytes, .v2)
        try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
        let (file, events) = (try NamelessFile.sized(torrent.size), SwarmEvents())
        try await engines[1].fetch(
          torrent, into: file, from: [engines[0]].compactMap(\.endpoint), observer: events.observer)
        try await events.until("a first piece", within: bench.patience) { !$0.isEmpty }
        await engines[1].withdraw(torrent.infoHash)
        let heard = events.all.count
        let left = try NamelessFile.read(file, from: 0, count: bytes.count)
        // Another one goes by in the meantime.
        let other = seededBytes(pieceBytes, seed: 27)
        let second = try await bench.torrent(other, .v2)
        try await engines[0].seed(second, from: .holding(other), observer: SwarmEvents().observer)
        try await bench.fetch(second, of: other, by: engines[1], from: [engines[0]])
        try StoreViolation.unlessEqual(events.all.count, heard, "events, and those after it was withdrawn")
        try StoreViolation.unless(try NamelessFile.read(file, from: 0, count: bytes.count) == left, "the file changed")
      }
    },
    Clause("aClosedEngineTakesNothingMore") { bench in
      let engine = try await bench.makeEngine()
      let bytes = seededBytes(100, seed: 28)
      let torrent = try await bench.torrent(bytes, .v2)
      try await engine.seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
      for _ in 0..<2 { await engine.close() }
      try StoreViolation.unlessEqual(engine.endpoint, nil, "the endpoint of a closed engine")
      try StoreViolation.unlessEqual(await engine.live().count, 0, "its torrents")
      try await StoreViolation.unlessRefused(.unavailable, "seeding in a closed engine") { () throws(RegistryError) in
        try await engine.seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
      }
      await engine.withdraw(torrent.infoHash)
    },
  ]

  static let faults = [
    Clause("aSeedWhoseFileIsNotTheTorrentsIsStoppedAndNotMended") { bench in
      try await bench.withEngines(2) { engines in
        let bytes = seededBytes(8 * pieceBytes, seed: 29)
        let torrent = try await bench.torrent(bytes, .v2)
        var rotten = bytes
        rotten[3 * pieceBytes + 5] ^= 1
        let file = try NamelessFile.sized(torrent.size)
        try NamelessFile.write(rotten, at: 0, to: file)
        let (seeding, events) = (SwarmEvents(), SwarmEvents())
        try await engines[0].seed(torrent, from: NamelessFile.readOnly(file), observer: seeding.observer)
        try await engines[1].fetch(
          torrent, into: .sized(torrent.size), from: [engines[0]].compactMap(\.endpoint), observer: events.observer)
        try await seeding.untilRotten(within: bench.patience)
        try StoreViolation.unless(!events.pieces.contains(3), "the rotten piece was verified")
        try StoreViolation.unlessEqual(await engines[0].live().count, 0, "torrents that live on")
        try StoreViolation.unless(
          try NamelessFile.read(file, from: 0, count: bytes.count) == rotten, "the file was written to")
      }
    },
    Clause("aRottenSeedDoesNotKeepAFetchFromASoundOne") { bench in
      try await bench.withEngines(3) { engines in
        let bytes = seededBytes(12 * pieceBytes, seed: 30)
        for version in TorrentVersion.allCases {
          let torrent = try await bench.torrent(bytes, version)
          var rotten = bytes
          for piece in 0..<12 { rotten[piece * pieceBytes] ^= 1 }
          try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
          try await engines[1].seed(torrent, from: .holding(rotten), observer: SwarmEvents().observer)
          try await bench.fetch(torrent, of: bytes, by: engines[2], from: [engines[1], engines[0]])
        }
      }
    },
    Clause("aFetchWithoutPeersWaitsQuietly") { bench in
      try await bench.withEngines(1) { engines in
        let torrent = try await bench.torrent(seededBytes(pieceBytes, seed: 31), .v2)
        let events = SwarmEvents()
        try await engines[0].fetch(torrent, into: .sized(torrent.size), from: [], observer: events.observer)
        let numbers = try await bench.numbers(of: torrent, in: engines[0])
        try StoreViolation.unlessEqual(numbers.verifiedBytes, 0, "verified bytes")
        try StoreViolation.unless(!numbers.isSeeding, "it seeds what it does not have")
        await engines[0].withdraw(torrent.infoHash)
        try StoreViolation.unlessEqual(events.all.count, 0, "events")
      }
    },
  ]
}

extension BlobFile {
  static func holding(_ bytes: [UInt8]) throws(RegistryError) -> BlobFile {
    try NamelessFile.holding(bytes)
  }

  static func sized(_ size: Int64) throws(RegistryError) -> BlobFile { try NamelessFile.sized(size) }
}
