import RegistryCore

extension UploadStoreContract {
  static let sealing = [
    Clause("bytesThatWentInComeOutAsABlob") { ports in
      // The last is several times what an upload may have waiting.
      for (at, count) in [0, 1, 100_000, 9_000_000].enumerated() {
        let bytes = seededBytes(count, seed: UInt64(at))
        let sink = try await ports.uploads.begin(key(UInt8(at)), algorithm: .sha256)
        try await append(bytes, to: sink)
        try StoreViolation.unlessEqual(sink.offset, Int64(count), "the offset")
        let sealed = try await sink.seal(as: .hashing(bytes))
        try StoreViolation.unlessEqual(sealed.digest, .hashing(bytes), "the blob's digest")
        try StoreViolation.unlessEqual(sealed.size, Int64(count), "the blob's size")
        try StoreViolation.unlessEqual(sealed.ticket, .hashing(bytes, as: .hashing(bytes)), "the blob's ticket")
        try await ports.unlessStored(bytes, as: .hashing(bytes), "the blob")
        try await ports.unlessGone(key(UInt8(at)), "a sealed upload")
      }
    },
    Clause("eitherAlgorithmMayBeExpectedAndEitherMaySeal") { ports in
      for (at, expected) in Digest.Algorithm.allCases.enumerated() {
        for (by, given) in Digest.Algorithm.allCases.enumerated() {
          let bytes = seededBytes(300_000, seed: UInt64(10 * at + by))
          let sink = try await ports.uploads.begin(key(UInt8(10 * at + by)), algorithm: expected)
          try await append(bytes, to: sink)
          let sealed = try await sink.seal(as: .hashing(bytes, given))
          try StoreViolation.unlessEqual(
            sealed.ticket, .hashing(bytes, as: .hashing(bytes, given)), "\(expected) sealed as \(given): its ticket")
          try await ports.unlessStored(bytes, as: .hashing(bytes, given), "\(expected) sealed as \(given)")
        }
      }
    },
    Clause("aWrongDigestEndsTheUploadAndNamesNothing") { ports in
      let bytes = seededBytes(1000, seed: 1)
      for (at, wrong) in [Digest.hashing([1]), .hashing([1], .sha512)].enumerated() {
        let sink = try await ports.uploads.begin(key(UInt8(at)), algorithm: .sha256)
        try await append(bytes, to: sink)
        try await StoreViolation.unlessRefused(.digestInvalid, "a wrong digest") { () throws(RegistryError) in
          _ = try await sink.seal(as: wrong)
        }
        try StoreViolation.unlessEqual(try await ports.blobs.size(of: wrong), nil, "a blob under the wrong digest")
        try StoreViolation.unlessEqual(try await ports.blobs.size(of: .hashing(bytes)), nil, "under the right one")
        try await ports.unlessGone(key(UInt8(at)), "an upload with a wrong digest")
        try await unlessEnded(sink, "an upload with a wrong digest")
      }
    },
    Clause("aBlobThatIsThereAlreadyMayBeSealedAgain") { ports in
      let bytes = seededBytes(1000, seed: 2)
      for number: UInt8 in 1...3 {
        let sink = try await ports.uploads.begin(key(number), algorithm: .sha256)
        try await append(bytes, to: sink)
        let sealed = try await sink.seal(as: .hashing(bytes))
        try StoreViolation.unlessEqual(sealed.size, 1000, "the size, time \(number)")
        try await ports.unlessStored(bytes, as: .hashing(bytes), "after time \(number)")
        try await ports.unlessGone(key(number), "a sealed upload")
      }
    },
    Clause("manyUploadsMayRunAndSealTheSameBlobAtOnce") { ports in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number: UInt8 in 0..<24 {
          group.addTask {
            // Six blobs, each by four uploads.
            let bytes = seededBytes(700_000, seed: UInt64(number % 6))
            let sink = try await ports.uploads.begin(key(number), algorithm: .sha256)
            try await append(bytes, to: sink)
            _ = try await sink.seal(as: .hashing(bytes))
            try await ports.unlessStored(bytes, as: .hashing(bytes), "blob \(number % 6)")
          }
        }
        try await group.waitForAll()
      }
    },
  ]

  static let ending = [
    Clause("anUploadMayWaitBetweenItsChunks") { ports in
      let bytes = seededBytes(5000, seed: 3)
      let sink = try await ports.uploads.begin(key(), algorithm: .sha256)
      for at in stride(from: 0, to: 5000, by: 1000) {
        try await sink.settle()
        try await sink.append(Array(bytes[at..<(at + 1000)]))
        try await sink.append([])
      }
      try await sink.settle()
      try StoreViolation.unlessEqual(sink.offset, 5000, "the offset")
      _ = try await sink.seal(as: .hashing(bytes))
      try await ports.unlessStored(bytes, as: .hashing(bytes), "the blob")
    },
    Clause("aCancelledUploadIsGone") { ports in
      let sink = try await ports.uploads.begin(key(), algorithm: .sha256)
      try await append(seededBytes(300_000, seed: 4), to: sink)
      for _ in 0..<2 { await sink.cancel() }
      try await ports.unlessGone(key(), "a cancelled upload")
      try await unlessEnded(sink, "a cancelled upload")
      // Its key is free, and it does not touch who takes that.
      let next = try await ports.uploads.begin(key(), algorithm: .sha256)
      try await next.append([1])
      await sink.cancel()
      _ = try await next.seal(as: .hashing([1]))
    },
    Clause("cancellingAfterSealTakesNothingAway") { ports in
      let sink = try await ports.uploads.begin(key(), algorithm: .sha256)
      try await sink.append([1, 2, 3])
      _ = try await sink.seal(as: .hashing([1, 2, 3]))
      for _ in 0..<2 { await sink.cancel() }
      try await ports.unlessStored([1, 2, 3], as: .hashing([1, 2, 3]), "the blob")
      try await unlessEnded(sink, "a sealed upload")
    },
  ]

  private static func unlessEnded(_ sink: any UploadSink, _ what: String) async throws {
    try await StoreViolation.unlessRefused(.uploadUnknown, "\(what) takes bytes") { () throws(RegistryError) in
      try await sink.append([1])
    }
    try await StoreViolation.unlessRefused(.uploadUnknown, "\(what) seals") { () throws(RegistryError) in
      _ = try await sink.seal(as: .hashing([1]))
    }
  }
}
