import RegistryCore

/// The questions of `Tickets` and `TorrentWishes`, asked of one connection.
extension Connection {
  func ticket(of digest: Digest) throws(RegistryError) -> SwarmTicket? {
    try first(
      """
      SELECT ticket.size, ticket.pieces_root, ticket_layer.hashes
      FROM ticket LEFT JOIN ticket_layer ON ticket_layer.digest = ticket.digest
      WHERE ticket.digest = ?1 AND ticket.recipe = ?2
      """,
      .blob(digest.column), .integer(Int64(TorrentRecipe.version))
    ) { row throws(RegistryError) in
      let ticket = SwarmTicket(
        digest: digest, size: row.integer(0), piecesRoot: row.blob(1), pieceLayer: row.blobOrNil(2) ?? [])
      let pieces = pieceCount(ticket.size)
      guard ticket.pieceLayer.count == (pieces > 1 ? pieces * 32 : 0) else {
        throw .damaged("a ticket's hashes are not those of its size")
      }
      return ticket
    }
  }

  func classicPieces(of digest: Digest) throws(RegistryError) -> ClassicPieces? {
    try first(
      """
      SELECT classic.size, classic_pieces.hashes
      FROM classic JOIN classic_pieces ON classic_pieces.digest = classic.digest
      WHERE classic.digest = ?1 AND classic.recipe = ?2
      """,
      .blob(digest.column), .integer(Int64(TorrentRecipe.version))
    ) { row throws(RegistryError) in
      let pieces = ClassicPieces(digest: digest, size: row.integer(0), hashes: row.blob(1))
      guard pieces.hashes.count == pieceCount(pieces.size) * 20 else {
        throw .damaged("a blob's piece hashes are not those of its size")
      }
      return pieces
    }
  }

  func digest(ofTorrent short: [UInt8]) throws(RegistryError) -> Digest? {
    try first(
      """
      SELECT digest FROM ticket WHERE short_hash = ?1 AND recipe = ?2
      UNION ALL
      SELECT digest FROM classic WHERE short_hash = ?1 AND recipe = ?2
      LIMIT 1
      """,
      .blob(short), .integer(Int64(TorrentRecipe.version))
    ) { row throws(RegistryError) in try row.digest(0) }
  }

  func wish(for digest: Digest) throws(RegistryError) -> TorrentWish? {
    try first("SELECT wish FROM torrent_wish WHERE digest = ?1", .blob(digest.column)) { row throws(RegistryError) in
      try row.wish(0)
    }
  }

  func everyWish() throws(RegistryError) -> [Digest: TorrentWish] {
    var wishes: [Digest: TorrentWish] = [:]
    try each("SELECT digest, wish FROM torrent_wish") { row throws(RegistryError) in
      wishes[try row.digest(0)] = try row.wish(1)
    }
    return wishes
  }
}

extension Row {
  func wish(_ column: Int32) throws(RegistryError) -> TorrentWish {
    guard let wish = TorrentWish(column: integer(column)) else { throw .damaged("a wish for a torrent") }
    return wish
  }
}

/// How many pieces a blob of that size has: what is kept of it has one hash for each.
private func pieceCount(_ size: Int64) -> Int {
  let pieceBytes = Int64(TorrentRecipe.pieceBytes(forSize: size))
  return Int((size - 1) / pieceBytes + 1)
}
