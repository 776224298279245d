import RegistryCore

extension UploadStoreContract {
  static let resuming = [
    Clause("anUploadGoesOnInTheNextLifeOfTheNode") { ports in
      let bytes = seededBytes(800_000, seed: 5)
      var life = ports
      for (at, algorithm) in Digest.Algorithm.allCases.enumerated() {
        let sink = try await life.uploads.begin(key(UInt8(at)), algorithm: .sha256)
        try await append(Array(bytes[..<500_000]), to: sink)
        try await sink.settle()
        life = try await life.nextLife()
        guard let resumed = try await life.uploads.resume(key(UInt8(at)), algorithm: algorithm) else {
          throw StoreViolation(description: "the upload is gone")
        }
        try StoreViolation.unlessEqual(resumed.offset, 500_000, "the offset")
        try await append(Array(bytes[500_000...]), to: resumed)
        let sealed = try await resumed.seal(as: .hashing(bytes, algorithm))
        try StoreViolation.unlessEqual(
          sealed.ticket, .hashing(bytes, as: .hashing(bytes, algorithm)), "the ticket, made in two lives")
        try await life.unlessStored(bytes, as: .hashing(bytes, algorithm), "the blob")
        try await life.unlessGone(key(UInt8(at)), "a sealed upload")
      }
    },
    Clause("anUploadOfNoBytesYetGoesOnToo") { ports in
      _ = try await ports.uploads.begin(key(), algorithm: .sha256)
      let next = try await ports.nextLife()
      guard let resumed = try await next.uploads.resume(key(), algorithm: .sha256) else {
        throw StoreViolation(description: "the upload is gone")
      }
      try StoreViolation.unlessEqual(resumed.offset, 0, "the offset")
      _ = try await resumed.seal(as: .hashing([]))
      try await next.unlessStored([], as: .hashing([]), "the empty blob")
    },
    Clause("anUploadIsKnownInItsRepositoryAlone") { ports in
      let sink = try await ports.uploads.begin(key(), algorithm: .sha256)
      try await sink.append([1])
      try await sink.settle()
      try await ports.unlessGone(key(in: "team/app2"), "another repository's upload")
      try await ports.unlessGone(key(2), "another id")
      try StoreViolation.unless(try await ports.uploads.discard(key()), "the upload itself was gone")
    },
    Clause("aDiscardedUploadIsGone") { ports in
      let sink = try await ports.uploads.begin(key(), algorithm: .sha256)
      try await sink.append([1])
      try await sink.settle()
      let next = try await ports.nextLife()
      try StoreViolation.unlessEqual(try await next.uploads.discard(key()), true, "discarding")
      try await next.unlessGone(key(), "a discarded upload")
    },
  ]

  static let expiring = [
    Clause("onlyUploadsLeftAloneForSoLongAreSwept") { ports in
      for number: UInt8 in 1...4 {
        let sink = try await ports.uploads.begin(key(number), algorithm: .sha256)
        try await sink.append([number])
        try await sink.settle()
      }
      try await ports.age(key(1), 7200)
      try await ports.age(key(2), 7200)
      let kept = try key(2).id
      try StoreViolation.unlessEqual(
        try await ports.uploads.sweep(idleForSeconds: 3600, keeping: [kept]), 1, "idle for an hour, but one")
      try await ports.unlessGone(key(1), "the swept one")
      try StoreViolation.unlessEqual(
        try await ports.uploads.sweep(idleForSeconds: 3600, keeping: []), 1, "the one that was kept")
      try StoreViolation.unlessEqual(
        try await ports.uploads.sweep(idleForSeconds: 3600, keeping: []), 0, "those of this hour")
      try StoreViolation.unlessEqual(try await ports.uploads.sweep(idleForSeconds: 0, keeping: []), 2, "all")
    }
  ]
}
