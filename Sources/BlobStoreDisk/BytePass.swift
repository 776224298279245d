import OpenSSLKit
import RegistryCore

/// All that is computed from an upload's bytes while they are in the cache: the digest. Whatever else wants to see every
/// byte once (the leaves of a torrent's hash tree) joins here, in `take` and `finish`.
///
/// One thread at a time: the hashing lane's, or whoever waited for the lane to be idle.
struct BytePass: ~Copyable {
  private var digest: StreamingHash
  let algorithm: Digest.Algorithm

  init(_ algorithm: Digest.Algorithm) {
    self.algorithm = algorithm
    digest = StreamingHash(algorithm.hashFunction)
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    digest.update(bytes)
  }

  consuming func finish() -> Digest {
    let algorithm = algorithm
    return Digest(algorithm: algorithm, hash: digest.finish())
  }
}

extension Digest.Algorithm {
  var hashFunction: StreamingHash.Function {
    switch self {
    case .sha256: .sha256
    case .sha512: .sha512
    }
  }
}
