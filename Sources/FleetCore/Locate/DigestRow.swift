import RegistryCore

/// Digests one behind the other, as short as it gets: for each a byte that says the algorithm (1 SHA-256, 2 SHA-512), and
/// the hash.
enum DigestRow {
  static func bytes(_ digests: some Sequence<Digest>) -> [UInt8] {
    digests.reduce(into: []) { row, digest in
      row.append(code(digest.algorithm))
      row += digest.hash
    }
  }

  /// `nil`: not a row of at most so many.
  static func digests(_ bytes: ArraySlice<UInt8>, limit: Int) -> [Digest]? {
    var rest = bytes
    var digests: [Digest] = []
    while let first = rest.popFirst() {
      guard let algorithm = Digest.Algorithm.allCases.first(where: { code($0) == first }),
        rest.count >= algorithm.byteCount, digests.count < limit
      else { return nil }
      digests.append(Digest(algorithm: algorithm, hash: Array(rest.prefix(algorithm.byteCount))))
      rest = rest.dropFirst(algorithm.byteCount)
    }
    return digests
  }

  private static func code(_ algorithm: Digest.Algorithm) -> UInt8 {
    switch algorithm {
    case .sha256: 1
    case .sha512: 2
    }
  }
}
