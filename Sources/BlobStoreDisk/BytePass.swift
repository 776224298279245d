import OpenSSLKit
import RegistryCore
import TorrentHashing

/// All that is computed from an upload's bytes while they are in the cache: the digest, and the leaves of the torrent's
/// hash tree.
///
/// One thread at a time: the hashing lane's, or whoever waited for the lane to be idle.
struct BytePass: ~Copyable {
  /// Both together, where the leaves are hashed as the digest is.
  private var both: DigestLeafPass?
  private var digest: StreamingHash?
  private var leaves: LeafPass?
  let algorithm: Digest.Algorithm

  /// - Parameter hashesLeaves: `false`: nobody wants torrents.
  init(_ algorithm: Digest.Algorithm, hashesLeaves: Bool) {
    self.algorithm = algorithm
    if hashesLeaves, algorithm == .sha256 {
      both = DigestLeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    } else {
      digest = StreamingHash(algorithm.hashFunction)
      if hashesLeaves { leaves = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:)) }
    }
  }

  mutating func take(_ bytes: UnsafeRawBufferPointer) {
    both?.take(bytes)
    digest?.update(bytes)
    leaves?.take(bytes)
  }

  /// - Parameter help: as `DigestLeafPass` takes it.
  mutating func take(_ chunks: [[UInt8]], help: (@escaping @Sendable () -> Void) -> Void) {
    if both != nil {
      both?.take(chunks, help: help)
    } else {
      for chunk in chunks { chunk.withUnsafeBytes { take($0) } }
    }
  }

  consuming func finish() -> PassedBytes {
    if let both = both.take() {
      let (hash, leaves) = both.finish()
      return PassedBytes(digest: Digest(algorithm: .sha256, hash: hash), leaves: leaves)
    }
    guard let digest = digest.take() else { preconditionFailure("a pass is finished once") }
    return PassedBytes(digest: Digest(algorithm: algorithm, hash: digest.finish()), leaves: leaves.take()?.finish())
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
