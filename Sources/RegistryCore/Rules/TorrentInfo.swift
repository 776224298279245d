/// What an info dictionary says (BEP 3, BEP 52; both, in a hybrid), if it is of one file.
struct TorrentInfo {
  let name: String
  let size: Int64
  let pieceBytes: Int
  let classicHashes: [UInt8]?
  let tree: TreeFacts?

  struct TreeFacts {
    let piecesRoot: [UInt8]
    let pieceCount: Int64
  }

  init(_ info: BencodeView) throws(RegistryError) {
    let version = info["meta version"].map { $0.integer ?? .max } ?? 1
    guard 1...2 ~= version else {
      throw .torrentInvalid("its meta version is neither 1 nor 2: make a torrent of a version that Shoal knows")
    }
    guard info["files"] == nil else { throw .manyFiles }
    let isClassic = version == 1 || info["pieces"] != nil
    name = try Self.name(info)
    let file = version == 2 ? try Self.onlyFile(info, named: name) : nil
    size = try Self.size(file ?? info)
    if file != nil, isClassic, try Self.size(info) != size {
      throw .torrentInvalid("its two versions are of files of different lengths")
    }
    pieceBytes = try Self.pieceBytes(info, ofTree: version == 2)
    let pieceCount = try Self.pieceCount(size, pieceBytes)
    classicHashes = isClassic ? try Self.classicHashes(info, pieceCount) : nil
    tree = try file.map { file throws(RegistryError) in
      TreeFacts(piecesRoot: try Self.piecesRoot(file), pieceCount: pieceCount)
    }
  }

  /// One component of a path: it becomes a file's name in many a client, and a line in logs.
  private static func name(_ info: BencodeView) throws(RegistryError) -> String {
    guard let name = info["name"]?.text else { throw .torrentInvalid("it has no name in UTF-8") }
    let isSafe = name.isOneLine && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" }
    guard 1...TorrentDocument.nameByteLimit ~= name.utf8.count, isSafe, name != ".", name != ".." else {
      throw .torrentInvalid("its name is no plain file name of 1 to \(TorrentDocument.nameByteLimit) bytes")
    }
    return name
  }

  /// BEP 52: a tree with one leaf at its top, which is called as the torrent is.
  private static func onlyFile(_ info: BencodeView, named name: String) throws(RegistryError) -> BencodeView {
    guard let entries = info["file tree"]?.entries, let first = entries.first else {
      throw .torrentInvalid("it has no file tree, or an empty one")
    }
    guard entries.count == 1, first.key.elementsEqual(name.utf8), let inner = first.value.entries, inner.count == 1,
      let file = first.value[""], file.isDictionary
    else { throw .manyFiles }
    return file
  }

  private static func size(_ file: BencodeView) throws(RegistryError) -> Int64 {
    let attributes = file["attr"]?.bytes ?? []
    guard !attributes.contains(UInt8(ascii: "p")), !attributes.contains(UInt8(ascii: "l")), file["symlink path"] == nil
    else { throw .torrentInvalid("its file is padding or a symbolic link (BEP 47): make a torrent of a plain file") }
    guard let size = file["length"]?.integer else { throw .torrentInvalid("its file has no length") }
    guard 1...TorrentDocument.sizeLimit ~= size else {
      throw .torrentInvalid("its file has \(size) bytes; 1 to \(TorrentDocument.sizeLimit) can be fetched")
    }
    return size
  }

  private static func pieceBytes(_ info: BencodeView, ofTree isTree: Bool) throws(RegistryError) -> Int {
    guard let length = info["piece length"]?.integer else { throw .torrentInvalid("it has no piece length") }
    let (least, most) = (TorrentDocument.blockBytes, TorrentDocument.pieceBytesLimit)
    guard Int64(least)...Int64(most) ~= length else {
      throw .torrentInvalid("its pieces have \(length) bytes; make a torrent with pieces of \(least) to \(most)")
    }
    guard !isTree || length.nonzeroBitCount == 1 else {
      throw .torrentInvalid("its pieces have \(length) bytes, which is no power of two (BEP 52)")
    }
    return Int(length)
  }

  private static func pieceCount(_ size: Int64, _ pieceBytes: Int) throws(RegistryError) -> Int64 {
    let count = (size - 1) / Int64(pieceBytes) + 1
    guard count <= TorrentDocument.pieceLimit else {
      throw .torrentInvalid(
        "it has \(count) pieces; make a torrent with longer pieces: at most \(TorrentDocument.pieceLimit)")
    }
    return count
  }

  private static func classicHashes(_ info: BencodeView, _ pieceCount: Int64) throws(RegistryError) -> [UInt8] {
    guard let hashes = info["pieces"]?.bytes else { throw .torrentInvalid("it has no hashes of pieces") }
    guard Int64(hashes.count) == pieceCount * 20 else {
      throw .torrentInvalid("it has \(hashes.count) bytes of hashes, and \(pieceCount) pieces of 20 each")
    }
    return Array(hashes)
  }

  private static func piecesRoot(_ file: BencodeView) throws(RegistryError) -> [UInt8] {
    guard let root = file["pieces root"]?.bytes, root.count == 32 else {
      throw .torrentInvalid("its file has no pieces root of 32 bytes")
    }
    return Array(root)
  }
}

extension TorrentInfo.TreeFacts {
  /// BEP 52, "piece layers": an entry for every file that is longer than a piece, and no other.
  func layer(in layers: BencodeView?) throws(RegistryError) -> [UInt8] {
    guard let entries = layers?.entries ?? (pieceCount == 1 && layers == nil ? [] : nil) else {
      throw .torrentInvalid("it has no piece layers: ask for the .torrent file of a client that has the whole file")
    }
    guard pieceCount > 1 else {
      guard entries.isEmpty else { throw .torrentInvalid("it has a piece layer for a file of one piece") }
      return []
    }
    guard entries.count == 1, let only = entries.first, only.key.elementsEqual(piecesRoot) else {
      throw .torrentInvalid("its piece layers are not those of its one file")
    }
    guard let layer = only.value.bytes, Int64(layer.count) == pieceCount * 32 else {
      throw .torrentInvalid("its piece layer has not 32 bytes for each of \(pieceCount) pieces")
    }
    return Array(layer)
  }
}

extension RegistryError {
  fileprivate static var manyFiles: RegistryError {
    .torrentInvalid("it is of a folder or of many files: a blob is one file, make a torrent of that file alone")
  }
}
