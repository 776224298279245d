import BlockingWork
import OpenSSLKit
import RegistryCore
import TorrentHashing

/// One range of a blob at a time from a member that holds it, over the fleet's channel. Nobody gets a piece of it that is
/// not what the ticket says.
struct ChannelLane: Sendable {
  typealias Keep = @Sendable (_ content: [UInt8], _ piece: Int) async throws(RegistryError) -> Void

  let torrent: SwarmTorrent
  let repository: RepositoryName
  let fleet: any FleetBytes
  /// Pieces are hashed here.
  let work: BlockingPool
  /// `nil`: whoever holds it is asked.
  var site: SiteKeeping?
  /// Who was found to lie is noted there; `nil`: it is forgotten with the fetch.
  var bans: BannedMembers?

  func holders() async -> [Holding] {
    let clues = BlobClues(isNearOnly: site?.isNearOnly == true)
    return await fleet.holders(of: torrent.digest, in: repository, clues: clues)
  }

  /// Reads consecutive pieces and hands them on in order.
  /// - Parameters:
  ///   - pieces: says how far it came, also when this throws.
  ///   - received: so many bytes came.
  func read(
    _ part: Range<Int>, into pieces: PieceAssembly, from member: NodeID, received: @escaping @Sendable (Int) -> Void,
    keep: @escaping Keep
  ) async throws(RegistryError) {
    try await fleet.read(bytes(of: part), of: torrent.digest, in: repository, from: member) {
      bytes throws(RegistryError) in
      received(bytes.count)
      for (piece, content) in pieces.take(bytes) {
        guard await isPiece(content, piece) else {
          throw RegistryError(.digestInvalid, "piece \(piece) is not what the ticket says")
        }
        try await keep(content, piece)
        pieces.note(kept: piece)
      }
    }
    guard pieces.missing == part.upperBound else {
      throw RegistryError(.unavailable, "a member sent fewer bytes than it was asked for")
    }
  }

  func isPiece(_ content: [UInt8], _ piece: Int) async -> Bool {
    let torrent = torrent
    return await work.run {
      // The one piece of a blob is the blob.
      if torrent.size <= Int64(torrent.pieceBytes) {
        return Digest(of: content, torrent.digest.algorithm) == torrent.digest
      }
      let root = PieceRoot.of(content, pieceBytes: torrent.pieceBytes)
      return torrent.pieceLayer.dropFirst(piece * root.count).prefix(root.count).elementsEqual(root)
    }
  }

  func bytes(of part: Range<Int>) -> Range<Int64> {
    let start = Int64(part.lowerBound) * Int64(torrent.pieceBytes)
    return start..<min(torrent.size, Int64(part.upperBound) * Int64(torrent.pieceBytes))
  }
}
