import TorrentOracle

/// What libtorrent makes of a file, a torrent or a magnet link.
struct Oracle {
  let error: String?
  private let torrent: [UInt32: [UInt8]]

  static func make(_ file: TemporaryFile, pieceBytes: Int, _ version: oracle_version) -> Oracle {
    Oracle(oracle_make(file.folder, file.name, Int32(pieceBytes), version))
  }

  static func load(_ file: [UInt8]) -> Oracle { Oracle(oracle_load(file, file.count)) }

  static func magnet(_ link: String) -> Oracle { Oracle(oracle_magnet(link)) }

  subscript(part: oracle_part) -> [UInt8] { torrent[part.rawValue] ?? [] }

  func lines(_ part: oracle_part) -> [String] {
    String(decoding: self[part], as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private init(_ torrent: OpaquePointer?) {
    error = oracle_error(torrent).map { String(cString: $0) }
    var parts: [UInt32: [UInt8]] = [:]
    for part in ORACLE_FILE.rawValue...ORACLE_PEERS.rawValue {
      var count = 0
      let bytes = oracle_bytes(torrent, oracle_part(part), &count)
      parts[part] = Array(UnsafeBufferPointer(start: bytes, count: count))
    }
    self.torrent = parts
    oracle_free(torrent)
  }
}
