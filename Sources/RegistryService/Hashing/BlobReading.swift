import OpenSSLKit
import RegistryCore
import TorrentHashing

/// Reads a blob of the store whole and compares its bytes with its name; on the way it computes what a torrent needs.
struct BlobReading: Sendable {
  let ports: RegistryPorts

  enum Outcome: Sendable {
    /// Not in the store.
    case absent
    /// Its bytes have another digest.
    case rotten
    /// `nil`: no bytes, or none were asked for.
    case sound(TorrentHashes?)
  }

  /// Called after each piece with its length and the time that it took; the next one is read when it returns.
  typealias Rest = @Sendable (Int, Duration) async -> Void

  private static let pieceBytes = 1 << 20

  /// - Parameter version: the torrent to hash for; `nil` only compares.
  /// - Throws: `unavailable` when the task is cancelled.
  func run(
    _ digest: Digest, for version: TorrentVersion?, rest: Rest = { _, _ in }
  ) async throws(RegistryError) -> Outcome {
    guard let reader = try await ports.blobs.open(digest) else { return .absent }
    let pass = StoredBytesPass(digest, size: reader.size, for: version)
    var offset: Int64 = 0
    while offset < reader.size {
      if Task.isCancelled { throw RegistryError(.unavailable, "the node is stopping") }
      let began = ContinuousClock.now
      let piece = try await reader.read(from: offset, count: Self.pieceBytes)
      guard !piece.isEmpty else { break }
      offset += Int64(piece.count)
      await ports.work.run { pass.take(piece) }
      await rest(piece.count, began.duration(to: .now))
    }
    return pass.finish()
  }
}

/// What a torrent of one version needs to know of a blob.
enum TorrentHashes: Sendable {
  case ticket(SwarmTicket)
  case classic(ClassicPieces)
}

/// The hashes that several jobs, one after the other, add to.
private final class StoredBytesPass: @unchecked Sendable {
  // Unchecked: the reading awaits each job before it gives the next.
  private let digest: Digest
  private let size: Int64
  /// Both together, where the leaves are hashed as the digest is.
  private var both: DigestLeafPass?
  private var name: StreamingHash?
  private var leaves: LeafPass?
  private var pieces: PiecePass?

  init(_ digest: Digest, size: Int64, for version: TorrentVersion?) {
    self.digest = digest
    self.size = size
    if version == .v2, digest.algorithm == .sha256 {
      both = DigestLeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
      return
    }
    name = StreamingHash(digest.algorithm.function)
    switch version {
    case .v2: leaves = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    case .v1 where size > 0: pieces = PiecePass(pieceBytes: TorrentRecipe.pieceBytes(forSize: size))
    case .v1, nil: break
    }
  }

  func take(_ piece: [UInt8]) {
    piece.withUnsafeBytes { bytes in
      both?.take(bytes)
      name?.update(bytes)
      leaves?.take(bytes)
      pieces?.take(bytes)
    }
  }

  func finish() -> BlobReading.Outcome {
    let (hash, leaves) = finishName()
    guard Digest(algorithm: digest.algorithm, hash: hash) == digest else { return .rotten }
    if let leaves { return .sound(.ticket(SwarmTicket(digest: digest, leaves: leaves))) }
    if let hashes = pieces.take()?.finish() {
      return .sound(.classic(ClassicPieces(digest: digest, size: size, hashes: hashes)))
    }
    return .sound(nil)
  }

  private func finishName() -> (hash: [UInt8], leaves: LeafPass.Facts?) {
    if let both = both.take() { return both.finish() }
    guard let name = name.take() else { preconditionFailure("a pass is finished once") }
    return (name.finish(), leaves.take()?.finish())
  }
}
