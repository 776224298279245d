import RegistryCore

/// A digest in 16 bytes without memory of its own: hundreds of thousands are kept. Two that agree in so much are not met by
/// accident, and who searches for them for years has a rumour that is false, which any rumour may be.
struct BlobKey: Hashable, Sendable {
  private let first: UInt64
  private let second: UInt64

  init(_ digest: Digest) {
    let hash = digest.hash
    first = UInt64(bigEndian: hash[0..<8])
    second = UInt64(bigEndian: hash[8..<16])
  }

  func hash(into hasher: inout Hasher) { hasher.combine(first) }
}
