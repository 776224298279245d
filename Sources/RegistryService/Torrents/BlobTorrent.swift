import RegistryCore

/// A torrent of a blob that is here, with what a .torrent file needs beside it.
public struct BlobTorrent: Sendable {
  public let swarm: SwarmTorrent
  /// Of version 2.
  private let piecesRoot: [UInt8]?

  init(_ ticket: SwarmTicket) {
    swarm = SwarmTorrent(ticket)
    piecesRoot = ticket.piecesRoot
  }

  init(_ pieces: ClassicPieces) {
    swarm = SwarmTorrent(pieces)
    piecesRoot = nil
  }

  /// The bytes of a .torrent file.
  public func file(trackers: [String], webSeeds: [String]) -> [UInt8] {
    TorrentRecipe.file(
      info: swarm.info, pieceLayer: swarm.pieceLayer, piecesRoot: piecesRoot, trackers: trackers, webSeeds: webSeeds)
  }
}
