import RegistryCore

/// A fetch store, the blobs that its fetches become, and the stores over the same bytes after the node was killed and
/// started again.
public struct FetchPorts: Sendable {
  let fetches: any FetchStore
  let blobs: any BlobStore
  let nextLife: @Sendable () async throws -> FetchPorts

  public init(
    fetches: any FetchStore, blobs: any BlobStore, nextLife: @escaping @Sendable () async throws -> FetchPorts
  ) {
    self.fetches = fetches
    self.blobs = blobs
    self.nextLife = nextLife
  }

  /// - Returns: the next life; the one before it has ended.
  @discardableResult
  fileprivate func unlessForgotten(_ what: String) async throws -> FetchPorts {
    try StoreViolation.unlessEqual(try await fetches.unfinished(), [], what)
    let next = try await nextLife()
    try StoreViolation.unlessEqual(try await next.fetches.unfinished(), [], "\(what), in the next life")
    return next
  }
}

/// What every implementation of `FetchStore` does.
public enum FetchStoreContract {
  public typealias Clause = StoreClause<FetchPorts>

  public static let clauses = arriving + ending + goingOn

  private static let note: [UInt8] = Array("how to go on\n\0\u{1}".utf8)

  static let arriving = [
    Clause("piecesThatArriveInAnyOrderComeOutAsABlob") { ports in
      for (at, count) in [0, 1, 16_384, 100_000, 3_000_000].enumerated() {
        for algorithm in Digest.Algorithm.allCases {
          let bytes = seededBytes(count, seed: UInt64(at))
          let digest = Digest.hashing(bytes, algorithm)
          let sink = try await ports.fetches.begin(digest, size: Int64(count), note: note)
          for piece in stride(from: 0, to: count, by: 70_000).reversed() {
            try put(Array(bytes[piece..<min(count, piece + 70_000)]), at: Int64(piece), into: sink)
          }
          let sealed = try await sink.seal()
          try StoreViolation.unlessEqual(sealed.digest, digest, "the digest")
          try StoreViolation.unlessEqual(sealed.size, Int64(count), "the size")
          try StoreViolation.unlessEqual(sealed.ticket, .hashing(bytes, as: digest), "the ticket")
          try StoreViolation.unlessEqual(try await BlobStoreContract.whole(digest, in: ports.blobs), bytes, "the blob")
          await sink.cancel()
        }
      }
    },
    Clause("whatIsWrittenThroughTheSinkComesOutAsABlob") { ports in
      let bytes = seededBytes(200_000, seed: 9)
      let sink = try await ports.fetches.begin(.hashing(bytes), size: 200_000, note: note)
      for piece in stride(from: 0, to: bytes.count, by: 65_536).reversed() {
        try await sink.write(Array(bytes[piece..<min(bytes.count, piece + 65_536)]), at: Int64(piece))
      }
      try StoreViolation.unlessEqual(
        try await sink.read(from: 65_000, count: 2_000), Array(bytes[65_000..<67_000]), "what was written")
      _ = try await sink.seal()
      try StoreViolation.unlessEqual(
        try await BlobStoreContract.whole(.hashing(bytes), in: ports.blobs), bytes, "the blob")
      await sink.cancel()
    },
    Clause("whatArrivedCanBeReadBeforeAndAfterTheSeal") { ports in
      let bytes = seededBytes(50_000, seed: 1)
      let sink = try await ports.fetches.begin(.hashing(bytes), size: 50_000, note: note)
      try put(bytes, at: 0, into: sink)
      for _ in 0..<2 {
        try StoreViolation.unlessEqual(
          try await sink.read(from: 1000, count: 500), Array(bytes[1000..<1500]), "a part of it")
        try StoreViolation.unlessEqual(
          try await sink.read(from: 49_990, count: 500), Array(bytes[49_990...]), "its end")
        try StoreViolation.unlessEqual(try await sink.read(from: 50_000, count: 1), [], "behind its end")
        if try await ports.blobs.size(of: .hashing(bytes)) == nil { _ = try await sink.seal() }
      }
    },
    Clause("hashingOnTheWayChangesNothing") { ports in
      let bytes = seededBytes(400_000, seed: 2)
      let sink = try await ports.fetches.begin(.hashing(bytes), size: 400_000, note: note)
      for at in stride(from: 0, to: 400_000, by: 50_000) {
        try put(Array(bytes[at..<(at + 50_000)]), at: Int64(at), into: sink)
        // A step back is nothing to do.
        for offset in [at + 50_000, at] { try await sink.digest(upTo: Int64(offset)) }
      }
      _ = try await sink.seal()
      try StoreViolation.unlessEqual(
        try await BlobStoreContract.whole(.hashing(bytes), in: ports.blobs), bytes, "the blob")
    },
    Clause("whoWritesMayGoOnReadingThroughTheDescriptorAfterTheSeal") { ports in
      let bytes = seededBytes(5000, seed: 3)
      let sink = try await ports.fetches.begin(.hashing(bytes), size: 5000, note: note)
      try put(bytes, at: 0, into: sink)
      _ = try await sink.seal()
      await sink.cancel()
      try StoreViolation.unlessEqual(
        try NamelessFile.read(sink.file, from: 0, count: 6000), bytes, "through the descriptor")
    },
  ]

  static let ending = [
    Clause("otherBytesThanTheDigestsAreDroppedAndNameNothing") { ports in
      let bytes = seededBytes(20_000, seed: 4)
      var life = ports
      for algorithm in Digest.Algorithm.allCases {
        let wrong = Digest.hashing([1], algorithm)
        let sink = try await life.fetches.begin(wrong, size: 20_000, note: note)
        try put(bytes, at: 0, into: sink)
        try await StoreViolation.unlessRefused(.digestInvalid, "other bytes") { () throws(RegistryError) in
          _ = try await sink.seal()
        }
        try StoreViolation.unlessEqual(try await life.blobs.size(of: wrong), nil, "a blob under the wrong digest")
        await sink.cancel()
        life = try await life.unlessForgotten("a fetch of other bytes")
      }
    },
    Clause("theNoteOutlivesTheSealUntilItIsCancelled") { ports in
      let sink = try await ports.fetches.begin(.hashing([1, 2]), size: 2, note: note)
      try put([1, 2], at: 0, into: sink)
      _ = try await sink.seal()
      let due = [UnfinishedFetch(digest: .hashing([1, 2]), size: 2, note: note)]
      try StoreViolation.unlessEqual(try await ports.fetches.unfinished(), due, "after the seal")
      for _ in 0..<2 { await sink.cancel() }
      let next = try await ports.unlessForgotten("after cancel")
      try StoreViolation.unlessEqual(try await next.blobs.size(of: .hashing([1, 2])), 2, "the blob")
    },
    Clause("aCancelledFetchIsGone") { ports in
      let sink = try await ports.fetches.begin(.hashing([1, 2]), size: 2, note: note)
      try put([9, 9], at: 0, into: sink)
      for _ in 0..<2 { await sink.cancel() }
      try await StoreViolation.unlessRefused(.unavailable, "sealing it") { () throws(RegistryError) in
        _ = try await sink.seal()
      }
      // It does not touch who begins anew, and leaves nothing to that one.
      let next = try await ports.fetches.begin(.hashing([1, 2]), size: 2, note: note)
      await sink.cancel()
      try StoreViolation.unlessEqual(try await next.read(from: 0, count: 2), [0, 0], "what was left")
      await next.cancel()
      try await ports.unlessForgotten("a cancelled fetch")
    },
  ]

  static let goingOn = [
    Clause("aFetchGoesOnInTheNextLifeOfTheNodeWithWhatArrived") { ports in
      let bytes = seededBytes(200_000, seed: 5)
      let sink = try await ports.fetches.begin(.hashing(bytes), size: 200_000, note: note)
      try put(Array(bytes[..<120_000]), at: 0, into: sink)
      try await sink.digest(upTo: 120_000)
      let next = try await ports.nextLife()
      let due = [UnfinishedFetch(digest: .hashing(bytes), size: 200_000, note: note)]
      try StoreViolation.unlessEqual(try await next.fetches.unfinished(), due, "what is unfinished")
      let resumed = try await next.fetches.begin(.hashing(bytes), size: 200_000, note: note)
      try StoreViolation.unlessEqual(
        try await resumed.read(from: 0, count: 120_000), Array(bytes[..<120_000]), "what had arrived")
      try put(Array(bytes[120_000...]), at: 120_000, into: resumed)
      _ = try await resumed.seal()
      await resumed.cancel()
      try await next.unlessForgotten("a fetch that ended")
    },
    Clause("aPausedFetchGoesOnToo") { ports in
      let sink = try await ports.fetches.begin(.hashing([1, 2]), size: 2, note: note)
      try put([1], at: 0, into: sink)
      await sink.pause()
      // A later end of what was paused is none.
      await sink.cancel()
      let again = try await ports.fetches.begin(.hashing([1, 2]), size: 2, note: note)
      try StoreViolation.unlessEqual(try await again.read(from: 0, count: 2), [1, 0], "what had arrived")
      try put([2], at: 1, into: again)
      _ = try await again.seal()
    },
    Clause("aNewNoteTakesThePlaceOfTheOld") { ports in
      let sink = try await ports.fetches.begin(.hashing([1, 2]), size: 2, note: note)
      try await sink.keep(note: [7])
      let due = [UnfinishedFetch(digest: .hashing([1, 2]), size: 2, note: [7])]
      try StoreViolation.unlessEqual(try await ports.nextLife().fetches.unfinished(), due, "the note")
    },
    Clause("aFetchOfAnotherSizeBeginsAnew") { ports in
      let sink = try await ports.fetches.begin(.hashing([0, 0, 0]), size: 2, note: note)
      try put([1, 2], at: 0, into: sink)
      await sink.pause()
      let next = try await ports.fetches.begin(.hashing([0, 0, 0]), size: 3, note: note)
      try StoreViolation.unlessEqual(try await next.read(from: 0, count: 3), [0, 0, 0], "its bytes")
      _ = try await next.seal()
    },
  ]

  private static func put(_ bytes: [UInt8], at offset: Int64, into sink: any FetchSink) throws(RegistryError) {
    try NamelessFile.write(bytes, at: offset, to: sink.file)
  }
}
