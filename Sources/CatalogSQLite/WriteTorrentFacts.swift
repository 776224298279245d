import RegistryCore

/// Facts of torrents. What is there is left as it is: a push of what was pushed before writes none of these rows again.
extension WriteTransaction {
  func keep(_ entry: TicketEntry) throws(RegistryError) { try keep(entry.ticket, infoHash: entry.infoHash) }

  func keep(_ ticket: SwarmTicket, infoHash: InfoHash) throws(RegistryError) {
    let digest = ticket.digest.column
    let written = try connection.run(
      """
      INSERT INTO ticket (digest, recipe, size, pieces_root, short_hash) VALUES (?1, ?2, ?3, ?4, ?5)
      ON CONFLICT (digest) DO UPDATE SET
        recipe = excluded.recipe, size = excluded.size, pieces_root = excluded.pieces_root,
        short_hash = excluded.short_hash
      WHERE recipe <> excluded.recipe
      """,
      .blob(digest), .integer(Int64(TorrentRecipe.version)), .integer(ticket.size), .blob(ticket.piecesRoot),
      .blob(infoHash.short))
    guard written > 0 else { return }
    try connection.run("DELETE FROM ticket_layer WHERE digest = ?1", .blob(digest))
    guard !ticket.pieceLayer.isEmpty else { return }
    try connection.run(
      "INSERT INTO ticket_layer (digest, hashes) VALUES (?1, ?2)", .blob(digest), .blob(ticket.pieceLayer))
  }

  func keep(_ pieces: ClassicPieces, infoHash: InfoHash) throws(RegistryError) {
    let digest = pieces.digest.column
    let written = try connection.run(
      """
      INSERT INTO classic (digest, recipe, size, short_hash) VALUES (?1, ?2, ?3, ?4)
      ON CONFLICT (digest) DO UPDATE SET
        recipe = excluded.recipe, size = excluded.size, short_hash = excluded.short_hash
      WHERE recipe <> excluded.recipe
      """,
      .blob(digest), .integer(Int64(TorrentRecipe.version)), .integer(pieces.size), .blob(infoHash.short))
    guard written > 0 else { return }
    try connection.run("DELETE FROM classic_pieces WHERE digest = ?1", .blob(digest))
    try connection.run(
      "INSERT INTO classic_pieces (digest, hashes) VALUES (?1, ?2)", .blob(digest), .blob(pieces.hashes))
  }

  func set(_ wish: TorrentWish?, for digest: Digest) throws(RegistryError) {
    guard let wish else {
      try connection.run("DELETE FROM torrent_wish WHERE digest = ?1", .blob(digest.column))
      return
    }
    try connection.run(
      """
      INSERT INTO torrent_wish (digest, wish) VALUES (?1, ?2)
      ON CONFLICT (digest) DO UPDATE SET wish = excluded.wish WHERE wish <> excluded.wish
      """,
      .blob(digest.column), .integer(wish.column))
  }
}

extension TorrentWish {
  var column: Int64 {
    switch self {
    case .started: 1
    case .stopped: 2
    }
  }

  init?(column: Int64) {
    switch column {
    case 1: self = .started
    case 2: self = .stopped
    default: return nil
    }
  }
}
