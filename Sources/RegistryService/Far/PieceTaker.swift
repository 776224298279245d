import RegistryCore

/// Where verified pieces of the channel go. One of two, since a file has one writer at a time.
enum PieceTaker: Sendable {
  /// No engine is at work on the blob: into its file.
  case sink(any FetchSink)
  /// One is: it writes, shares and tells of the piece as of any other.
  case engine(any SwarmRelief)

  /// - Returns: the piece is readable in the file now; else whoever took it will tell of it.
  func take(_ content: [UInt8], as piece: Int, of torrent: SwarmTorrent) async throws(RegistryError) -> Bool {
    switch self {
    case .sink(let sink):
      try await sink.write(content, at: Int64(piece) * Int64(torrent.pieceBytes))
      return true
    case .engine(let engine):
      try await engine.give(content, as: piece, to: torrent.infoHash)
      return false
    }
  }
}
