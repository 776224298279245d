import OpenSSLKit
import RegistryCore
import TorrentHashing

/// All that is computed from an upload's bytes while they are in the cache: the digest, and the leaves of the torrent's
/// hash tree.
///
/// One thread at a time: the hashing lane's, or whoever waited for the lane to be idle.
struct BytePass: ~Copyable {
  private var digest: StreamingHash
  /// `nil`: nobody wants torrents.
  private var leaves: LeafPass?
  let algorithm: Digest.Algorithm

  init(_ algorithm: Digest.Algorithm, hashesLeaves: Bool) {
    self.algorithm = algorithm
    digest = StreamingHash(algorithm.hashFunction)
    leaves = hashesLeaves ? LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:)) : nil
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    digest.update(bytes)
    leaves?.take(bytes)
  }

  consuming func finish() -> PassedBytes {
    let algorithm = algorithm
    let leaves = leaves.take()?.finish()
    return PassedBytes(digest: Digest(algorithm: algorithm, hash: digest.finish()), leaves: leaves)
  }
}

/// What a pass came to.
struct PassedBytes: Sendable {
  let digest: Digest
  /// `nil` when there were no bytes, and where nobody wants torrents.
  let leaves: LeafPass.Facts?

  var ticket: SwarmTicket? { leaves.map { SwarmTicket(digest: digest, leaves: $0) } }
}

extension SwarmTicket {
  /// - Parameter digest: of the bytes that the leaves are of, under either algorithm.
  init(digest: Digest, leaves: LeafPass.Facts) {
    self.init(digest: digest, size: leaves.size, piecesRoot: leaves.piecesRoot, pieceLayer: leaves.pieceLayer)
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
