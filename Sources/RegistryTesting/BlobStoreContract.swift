import Glibc
import RegistryCore

/// What every implementation of `BlobStore` does.
public enum BlobStoreContract {
  public typealias Clause = StoreClause<any BlobStore>

  public static let clauses = reading + removing + walking

  static let reading = [
    Clause("whatIsAbsentIsNoError") { store in
      let digest = Digest.hashing([1])
      try StoreViolation.unless(try await store.open(digest) == nil, "opened a blob that is not there")
      try StoreViolation.unlessEqual(try await store.size(of: digest), nil, "the size of a blob that is not there")
      try StoreViolation.unlessEqual(try await store.remove(digest), false, "removed a blob that is not there")
      try StoreViolation.unlessEqual(try await store.quarantine(digest), false, "set a blob aside that is not there")
      try StoreViolation.unlessEqual(try await store.blobs(onShelf: digest.hash[0]), [], "an empty shelf")
    },
    Clause("whatIsPutIsReadBackWhole") { store in
      for (at, count) in [0, 1, 4095, 4096, 300_000].enumerated() {
        for algorithm in Digest.Algorithm.allCases {
          let bytes = seededBytes(count, seed: UInt64(at))
          let digest = Digest.hashing(bytes, algorithm)
          try await store.put(bytes, as: digest)
          try StoreViolation.unlessEqual(try await store.size(of: digest), Int64(count), "size after put")
          try StoreViolation.unlessEqual(try await whole(digest, in: store), bytes, "bytes after put")
        }
      }
    },
    Clause("puttingTwiceIsPuttingOnce") { store in
      let bytes = seededBytes(100, seed: 7)
      let digest = Digest.hashing(bytes)
      for _ in 0..<2 { try await store.put(bytes, as: digest) }
      try StoreViolation.unlessEqual(try await whole(digest, in: store), bytes, "after two puts")
      try StoreViolation.unless(try await store.remove(digest), "the blob was not there")
      try StoreViolation.unless(try await !store.remove(digest), "one remove undoes two puts")
    },
    Clause("aReadEndsWhereTheBlobEnds") { store in
      let bytes = seededBytes(1000, seed: 8)
      let reader = try await stored(bytes, in: store)
      let reads: [(offset: Int64, count: Int, due: Range<Int>)] = [
        (0, 1000, 0..<1000), (0, 1, 0..<1), (999, 1, 999..<1000), (990, 100, 990..<1000), (10, 20, 10..<30),
        (1000, 1, 0..<0), (.max, 1, 0..<0), (0, 0, 0..<0), (5, .max, 5..<1000),
      ]
      for read in reads {
        try StoreViolation.unlessEqual(
          try await reader.read(from: read.offset, count: read.count), Array(bytes[read.due]),
          "\(read.count) bytes from \(read.offset)")
      }
    },
    Clause("aBlobThatIsAFileCanBeReadThroughItsDescriptor") { store in
      let bytes = seededBytes(5000, seed: 9)
      let reader = try await stored(bytes, in: store)
      guard let file = reader.file else { return }
      var seen = [UInt8](repeating: 0, count: 6000)
      let count = pread(file.descriptor, &seen, seen.count, 0)
      try StoreViolation.unlessEqual(Array(seen.prefix(max(0, count))), bytes, "through the descriptor")
    },
    Clause("manyTasksMayUseItAtOnce") { store in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<64 {
          group.addTask {
            // Sixteen blobs, each put by four tasks.
            let bytes = seededBytes(2000, seed: UInt64(number % 16))
            let digest = Digest.hashing(bytes)
            try await store.put(bytes, as: digest)
            try StoreViolation.unlessEqual(try await whole(digest, in: store), bytes, "blob \(number % 16)")
          }
        }
        try await group.waitForAll()
      }
    },
  ]

  static let removing = [
    Clause("aReaderGoesOnWhenItsBlobIsRemoved") { store in
      let bytes = seededBytes(100_000, seed: 10)
      let reader = try await stored(bytes, in: store)
      try StoreViolation.unless(try await store.remove(.hashing(bytes)), "the blob was not there")
      try StoreViolation.unless(try await store.open(.hashing(bytes)) == nil, "a removed blob can be opened")
      try StoreViolation.unlessEqual(try await reader.read(from: 0, count: 100_000), bytes, "after the removal")
    },
    Clause("whatIsQuarantinedIsNotInTheStore") { store in
      let bytes = seededBytes(100, seed: 11)
      let digest = Digest.hashing(bytes)
      try await store.put(bytes, as: digest)
      try StoreViolation.unless(try await store.quarantine(digest), "the blob was not there")
      try StoreViolation.unlessEqual(try await store.size(of: digest), nil, "its size")
      try StoreViolation.unlessEqual(try await store.blobs(onShelf: digest.hash[0]), [], "its shelf")
      try await store.put(bytes, as: digest)
      try StoreViolation.unlessEqual(try await whole(digest, in: store), bytes, "put anew")
      try StoreViolation.unless(try await store.quarantine(digest), "a second time")
    },
  ]

  static let walking = [
    Clause("everyBlobIsOnTheShelfOfItsFirstByteInDigestOrder") { store in
      var due: [UInt8: [StoredBlob]] = [:]
      for seed in 0..<300 {
        let bytes = seededBytes(seed, seed: UInt64(seed))
        let digest = Digest.hashing(bytes, seed.isMultiple(of: 3) ? .sha512 : .sha256)
        try await store.put(bytes, as: digest)
        due[digest.hash[0], default: []].append(StoredBlob(digest: digest, size: Int64(seed)))
      }
      for shelf in 0...UInt8.max {
        try StoreViolation.unlessEqual(
          try await store.blobs(onShelf: shelf), (due[shelf] ?? []).sorted { $0.digest < $1.digest }, "shelf \(shelf)")
      }
    }
  ]

  static func whole(_ digest: Digest, in store: any BlobStore) async throws -> [UInt8]? {
    guard let reader = try await store.open(digest) else { return nil }
    return try await reader.read(from: 0, count: Int(reader.size))
  }

  private static func stored(_ bytes: [UInt8], in store: any BlobStore) async throws -> any BlobReader {
    let digest = Digest.hashing(bytes)
    try await store.put(bytes, as: digest)
    guard let reader = try await store.open(digest) else {
      throw StoreViolation(description: "a blob that was put is not there")
    }
    return reader
  }
}
