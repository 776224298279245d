import OpenSSLKit
import RegistryCore
import TorrentHashing

extension SwarmTicket {
  /// The ticket of bytes that are in memory whole and have the digest; `nil` for none. Hashes: on a thread for that.
  public init?(of bytes: [UInt8], _ digest: Digest) {
    guard !bytes.isEmpty else { return nil }
    if digest.algorithm == .sha256, bytes.count <= LeafPass.leafBytes {
      // A tree of one leaf: its root is the hash of the bytes.
      self.init(digest: digest, size: Int64(bytes.count), piecesRoot: digest.hash, pieceLayer: [])
      return
    }
    var pass = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    bytes.withUnsafeBytes { pass.take($0) }
    guard let leaves = pass.finish() else { return nil }
    self.init(digest: digest, leaves: leaves)
  }

  /// - Parameter digest: of the bytes that the leaves are of, under either algorithm.
  init(digest: Digest, leaves: LeafPass.Facts) {
    self.init(digest: digest, size: leaves.size, piecesRoot: leaves.piecesRoot, pieceLayer: leaves.pieceLayer)
  }
}

extension TicketEntry {
  /// With the info hash of the torrent that the recipe makes of the ticket.
  public init(_ ticket: SwarmTicket) {
    self.init(ticket: ticket, infoHash: SwarmTorrent(ticket).infoHash)
  }
}

extension Content {
  /// Names a blob that was sealed just now: its link and its ticket, in one transaction.
  public func link(_ sealed: SealedBlob, to repository: RepositoryName) async throws(RegistryError) {
    try await link(
      StoredBlob(digest: sealed.digest, size: sealed.size), ticket: sealed.ticket.map { TicketEntry($0) },
      to: repository)
  }
}
