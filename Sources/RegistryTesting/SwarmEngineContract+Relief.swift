import RegistryCore

extension SwarmEngineContract {
  /// Of engines whose fetches are helped along; of others nothing is asked.
  static let relief = [
    Clause("aPieceThatIsGivenIsVerifiedToldOfAndShared") { bench in
      try await bench.withEngines(3) { engines in
        guard let relief = engines[1].relief else { return }
        let bytes = seededBytes(4 * pieceBytes + 5, seed: 40)
        let torrent = try await bench.torrent(bytes, .v2)
        // It is known what the bytes are, and nobody tells the one that fetches.
        try await engines[0].seed(torrent, from: .holding(bytes), observer: SwarmEvents().observer)
        let (file, events) = (try NamelessFile.sized(torrent.size), SwarmEvents())
        try await engines[1].fetch(torrent, into: file, from: [], observer: events.observer)
        let pieces = (0..<5).map { Array(bytes.dropFirst($0 * pieceBytes).prefix(pieceBytes)) }
        // One that is not the torrent's is dropped.
        try await relief.give(pieces[2].map { ~$0 }, as: 2, to: torrent.infoHash)
        for piece in [4, 0, 3] { try await relief.give(pieces[piece], as: piece, to: torrent.infoHash) }
        try await events.until("three pieces", within: bench.patience) { heard in
          heard.count { if case .verified = $0 { true } else { false } } == 3
        }
        try StoreViolation.unlessEqual(Set(events.pieces), [0, 3, 4], "the pieces that were told of")
        let next = SwarmEvents()
        try await engines[2].fetch(
          torrent, into: NamelessFile.sized(torrent.size), from: [engines[1]].compactMap(\.endpoint),
          observer: next.observer)
        try await next.until("what the other was given", within: bench.patience) { $0.count >= 3 }
        for piece in [1, 2, 2] { try await relief.give(pieces[piece], as: piece, to: torrent.infoHash) }
        try await events.untilWhole(within: bench.patience)
        try await next.untilWhole(within: bench.patience)
        try StoreViolation.unlessEqual(events.pieces.sorted(), [0, 1, 2, 3, 4], "each piece told of once")
        try StoreViolation.unlessEqual(
          try NamelessFile.read(file, from: 0, count: bytes.count + 1), bytes, "the bytes that arrived")
      }
    },
    Clause("helpForATorrentThatIsNotFetchedIsNoHarm") { bench in
      try await bench.withEngines(1) { engines in
        guard let relief = engines[0].relief else { return }
        let bytes = seededBytes(pieceBytes + 1, seed: 41)
        let torrent = try await bench.torrent(bytes, .v2)
        func help() async throws {
          try await relief.give(Array(bytes.prefix(pieceBytes)), as: 0, to: torrent.infoHash)
          await relief.want(0..<2, of: torrent.infoHash)
          await relief.shed(silentFor: .zero, from: torrent.infoHash)
        }
        try await help()
        let events = SwarmEvents()
        try await engines[0].seed(torrent, from: .holding(bytes), observer: events.observer)
        try await help()
        try StoreViolation.unless(try await bench.numbers(of: torrent, in: engines[0]).isSeeding, "it seeds no more")
        try StoreViolation.unlessEqual(events.all.count, 0, "what a seed was told of")
      }
    },
  ]
}
