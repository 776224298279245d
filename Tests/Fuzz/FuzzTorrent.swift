/// What is tried on `.torrent` files from outside. Compiled together with the core's own files by `Tests/Fuzz/run`.
///
/// Beyond not crashing: what is accepted keeps to its bounds, its info dictionary stands in the file as it is kept and
/// says the same alone, and the file that we would write of it is accepted as the same torrent.
func fuzzTorrent(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let torrent = try? TorrentDocument(parsing: bytes) else { return 0 }
  checkBounds(torrent)
  precondition(bytes.firstRange(of: torrent.info) != nil, "the info dictionary is not the file's")
  guard let alone = try? TorrentDocument(info: torrent.info) else {
    preconditionFailure("the info dictionary is refused alone")
  }
  precondition(alone.size == torrent.size && alone.classicHashes == torrent.classicHashes, "alone it says other things")

  let written = TorrentRecipe.file(
    info: torrent.info, pieceLayer: torrent.tree?.pieceLayer ?? [], piecesRoot: torrent.tree?.piecesRoot,
    trackers: torrent.trackers, webSeeds: torrent.webSeeds)
  precondition((try? TorrentDocument(parsing: written)) == torrent, "what we write of it is another torrent")
  return 0
}

private func checkBounds(_ torrent: TorrentDocument) {
  precondition(torrent.size > 0 && torrent.pieceCount > 0 && !torrent.versions.isEmpty, "an empty torrent")
  precondition(!torrent.name.isEmpty && !torrent.name.contains("/") && torrent.name != "..", "a name that is a path")
  precondition(torrent.classicHashes.map { $0.count == 20 * torrent.pieceCount } ?? true, "hashes that do not fit")
  let layerCount = torrent.pieceCount > 1 ? 32 * torrent.pieceCount : 0
  precondition(torrent.tree.map { $0.pieceLayer.count == layerCount } ?? true, "a layer that does not fit")
}
