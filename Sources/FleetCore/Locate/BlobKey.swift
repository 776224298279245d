import RegistryCore

/// A digest in 32 bytes without memory of its own: hundreds of thousands are kept. Of SHA-512 it is the first half, which
/// is as hard to meet by accident or intent as SHA-256.
struct BlobKey: Hashable, Sendable {
  private let words: (UInt64, UInt64, UInt64, UInt64)

  init(_ digest: Digest) {
    var hash = digest.hash[...]
    func next() -> UInt64 {
      defer { hash = hash.dropFirst(8) }
      return UInt64(bigEndian: hash.prefix(8))
    }
    words = (next(), next(), next(), next())
  }

  static func == (left: BlobKey, right: BlobKey) -> Bool { left.words == right.words }

  func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}
