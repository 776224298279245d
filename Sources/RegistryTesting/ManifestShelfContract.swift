import BlockingWork
import RegistryCore

/// What every implementation of `ManifestShelf` does.
public enum ManifestShelfContract {
  public typealias Clause = StoreClause<any ManifestShelf>

  public static let clauses = [
    Clause("anEmptyShelfHandsOutNothing") { shelf in
      try StoreViolation.unlessEqual(try await all(on: shelf), [:], "an empty shelf")
    },
    Clause("whatIsShelvedIsHandedOutUnderItsRepository") { shelf in
      var due: [String: Set<ShelvedManifest>] = [:]
      // Names that lie within each other and such as look like the shelf's own folders.
      for (at, name) in ["a", "a/b", "a/b/c", "b", "sha256", "a/manifests", "a/sha512/b"].enumerated() {
        for algorithm in Digest.Algorithm.allCases {
          let manifest = ShelvedManifest(
            digest: .hashing([UInt8(at)], algorithm), mediaType: at.isMultiple(of: 2) ? .ociManifest : .ociIndex)
          try await shelf.shelve(manifest.digest, as: manifest.mediaType, in: RepositoryName(parsing: name))
          due[name, default: []].insert(manifest)
        }
      }
      try StoreViolation.unlessEqual(try await all(on: shelf), due, "the whole shelf")
    },
    Clause("shelvingTwiceIsShelvingOnceAndTheLastMediaTypeCounts") { shelf in
      let (repository, digest) = (try RepositoryName(parsing: "a"), Digest.hashing([1]))
      for mediaType in [MediaType.ociManifest, .ociManifest, .dockerManifest] {
        try await shelf.shelve(digest, as: mediaType, in: repository)
        try StoreViolation.unlessEqual(
          try await all(on: shelf), ["a": [ShelvedManifest(digest: digest, mediaType: mediaType)]], "\(mediaType)")
      }
    },
    Clause("whatIsUnshelvedIsGoneFromThatRepositoryAlone") { shelf in
      let (here, there) = (try RepositoryName(parsing: "a"), try RepositoryName(parsing: "a/b"))
      let digest = Digest.hashing([1])
      try await shelf.unshelve(digest, from: here)
      for repository in [here, there] { try await shelf.shelve(digest, as: .ociIndex, in: repository) }
      for _ in 0..<2 { try await shelf.unshelve(digest, from: here) }
      try StoreViolation.unlessEqual(
        try await all(on: shelf), ["a/b": [ShelvedManifest(digest: digest, mediaType: .ociIndex)]], "what is left")
      try await shelf.shelve(digest, as: .ociIndex, in: here)
      try StoreViolation.unlessEqual(try await all(on: shelf).count, 2, "shelved anew")
    },
    Clause("aMediaTypeOfTheGreatestLengthIsKept") { shelf in
      let text = String(repeating: "t", count: 127) + "/" + String(repeating: "s", count: 127)
      guard let mediaType = MediaType(parsing: text) else { throw StoreViolation(description: "no media type") }
      try await shelf.shelve(.hashing([1]), as: mediaType, in: RepositoryName(parsing: "a"))
      try StoreViolation.unlessEqual(
        try await all(on: shelf), ["a": [ShelvedManifest(digest: .hashing([1]), mediaType: mediaType)]], "its text")
    },
    Clause("theWalkEndsWithTheFirstFailureOfItsCaller") { shelf in
      for name in ["a", "b", "c"] {
        try await shelf.shelve(.hashing([1]), as: .ociIndex, in: RepositoryName(parsing: name))
      }
      let seen = Lock(0)
      try await StoreViolation.unlessRefused(.unavailable, "the caller's failure") { () throws(RegistryError) in
        try await shelf.everyManifest { (_, _) throws(RegistryError) in
          seen.withLock { $0 += 1 }
          throw RegistryError(.unavailable, "enough")
        }
      }
      try StoreViolation.unlessEqual(seen.withLock { $0 }, 1, "calls after the failure")
    },
  ]

  /// What is on the shelf; a repository that is handed out twice is a violation.
  static func all(on shelf: any ManifestShelf) async throws -> [String: Set<ShelvedManifest>] {
    let seen = Lock<[(String, [ShelvedManifest])]>([])
    try await shelf.everyManifest { (repository, manifests) throws(RegistryError) in
      seen.withLock { $0.append((repository.text, manifests)) }
    }
    let pairs = seen.withLock { $0 }
    try StoreViolation.unlessEqual(Set(pairs.map(\.0)).count, pairs.count, "repositories handed out once")
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0.0, Set($0.1)) })
  }
}
