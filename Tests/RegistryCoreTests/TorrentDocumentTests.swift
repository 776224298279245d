import Testing

@testable import RegistryCore

@Suite struct TorrentDocumentTests {
  private static let root = Array("rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr".utf8)

  // MARK: - What is taken

  @Test func aTorrentOfVersionOneIsRead() throws {
    let torrent = try TorrentDocument(parsing: file(classic(size: 40_000, pieces: 3)))
    #expect(torrent.versions == [.v1] && torrent.tree == nil)
    #expect(torrent.classicHashes?.count == 60)
    #expect(torrent.name == "layer.tar" && torrent.size == 40_000 && torrent.pieceBytes == 16_384)
    #expect(torrent.pieceCount == 3)
    #expect(torrent.info == BencodeValue.dictionary(classic(size: 40_000, pieces: 3)).encoded)
  }

  @Test func aTorrentOfVersionTwoIsRead() throws {
    let torrent = try TorrentDocument(parsing: file(modern(size: 40_000), layer: 3))
    #expect(torrent.versions == [.v2] && torrent.classicHashes == nil)
    #expect(torrent.tree?.piecesRoot == Self.root && torrent.tree?.pieceLayer.count == 96)
    let small = try TorrentDocument(parsing: file(modern(size: 16_384)))
    #expect(small.tree?.pieceLayer.isEmpty == true && small.pieceCount == 1)
  }

  @Test func aHybridIsBothAndTheBetterOneComesFirst() throws {
    let info = modern(size: 40_000).merging(classic(size: 40_000, pieces: 3)) { modern, _ in modern }
    let torrent = try TorrentDocument(parsing: file(info, layer: 3))
    #expect(torrent.versions == [.v2, .v1])
    #expect(torrent.classicHashes != nil && torrent.tree?.pieceLayer.count == 96)
  }

  @Test func anInfoDictionaryAloneNeedsNoLayer() throws {
    let info = BencodeValue.dictionary(modern(size: 40_000)).encoded
    let torrent = try TorrentDocument(info: info, trackers: ["http://t/a", "gopher://t"], webSeeds: ["https://w"])
    #expect(torrent.info == info && torrent.tree?.pieceLayer.isEmpty == true && torrent.pieceCount == 3)
    #expect(torrent.trackers == ["http://t/a"] && torrent.webSeeds == ["https://w"])
  }

  /// Fields that we do not know stay in the info dictionary: the hash is of them too.
  @Test func foreignFieldsAreKept() throws {
    let info = classic(size: 1, pieces: 1).merging(["private": .integer(1), "source": .text("x")]) { $1 }
    let torrent = try TorrentDocument(
      parsing: file(info, extra: ["creation date": .integer(1), "comment": .text("c")]))
    #expect(torrent.info == BencodeValue.dictionary(info).encoded)
  }

  @Test func hintsThatAreOfNoUseArePassedOver() throws {
    let tiers: BencodeValue = .list([
      .list([.text("udp://a:1"), .text("wss://b"), .integer(1)]), .text("http://stray"),
      .list([.text("HTTP://c"), .text("udp://a:1"), .text("http://new\nline"), .bytes([0xff])]),
    ])
    let torrent = try TorrentDocument(
      parsing: file(
        classic(size: 1, pieces: 1),
        extra: ["announce": .text("https://d"), "announce-list": tiers, "url-list": .text("http://w/x")]))
    #expect(torrent.trackers == ["udp://a:1", "HTTP://c", "https://d"])
    #expect(torrent.webSeeds == ["http://w/x"])

    let crowd: BencodeValue = .list((0..<1000).map { .text("http://w/\($0)") })
    let crowded = try TorrentDocument(parsing: file(classic(size: 1, pieces: 1), extra: ["url-list": crowd]))
    #expect(crowded.webSeeds.count == TorrentAddress.countLimit)
  }

  // MARK: - What is refused

  @Test func whatIsNoTorrentIsRefused() {
    refuses([], "breaks off")
    refuses(Array("<html>".utf8), "no value begins")
    refuses(Array("i1e".utf8), "no info dictionary")
    refuses(Array("d4:infoi1ee".utf8), "no info dictionary")
    refuses([UInt8](repeating: UInt8(ascii: "l"), count: 1000), "nested deeper than 16")
    refuses([UInt8](repeating: UInt8(ascii: "l"), count: TorrentDocument.byteLimit + 1), "more than 16777216 bytes")
    refuses(Array("l".utf8) + Array(repeating: Array("0:".utf8), count: 70_000).joined(), "more than 65536 values")
  }

  @Test(arguments: [0, -1, Int64.min, TorrentDocument.sizeLimit + 1, .max]) func aLengthOutOfBoundsIsRefused(
    size: Int64
  ) {
    refuses(classic(size: 1, pieces: 1).setting("length", .integer(size)), "bytes; 1 to")
    refuses(modern(size: size), "bytes; 1 to")
  }

  @Test(arguments: ["", ".", "..", "a/b", "../../etc/passwd", "/etc", "a\\b", "a\0", "a\nb", "\u{1b}[2J", "\u{2028}"])
  func aNameThatIsAPathOrACommandIsRefused(_ name: String) {
    refuses(classic(size: 1, pieces: 1).setting("name", .text(name)), "no plain file name")
    refuses(modern(size: 1, name: name), "no plain file name")
  }

  @Test func aNameThatIsLongOrNoTextIsRefused() {
    refuses(
      classic(size: 1, pieces: 1).setting("name", .text(String(repeating: "é", count: 128))), "no plain file name")
    refuses(classic(size: 1, pieces: 1).setting("name", .bytes([0xff])), "no name in UTF-8")
    refuses(classic(size: 1, pieces: 1).setting("name", nil), "no name in UTF-8")
  }

  @Test func manyFilesAreRefused() {
    let files: BencodeValue = .list([.dictionary(["length": .integer(1), "path": .list([.text("a")])])])
    refuses(classic(size: 1, pieces: 1).setting("files", files).setting("length", nil), "one file")
    let leaf: BencodeValue = .dictionary(["": .dictionary(["length": .integer(1), "pieces root": .bytes(Self.root)])])
    for tree: BencodeValue in [
      .dictionary(["a": leaf, "layer.tar": leaf]), .dictionary(["other": leaf]),
      .dictionary(["layer.tar": .dictionary(["x": leaf])]),
      .dictionary(["layer.tar": .dictionary(["": .dictionary([:]), "x": leaf])]),
      .dictionary(["layer.tar": .integer(1)]),
    ] {
      refuses(modern(size: 1).setting("file tree", tree), "one file")
    }
    refuses(modern(size: 1).setting("file tree", .dictionary([:])), "no file tree")
    refuses(modern(size: 1).setting("file tree", nil), "no file tree")
  }

  @Test func paddingAndLinksAreRefused() {
    for attributes in ["p", "l", "xp"] {
      refuses(classic(size: 1, pieces: 1).setting("attr", .text(attributes)), "padding or a symbolic link")
    }
    refuses(classic(size: 1, pieces: 1).setting("symlink path", .list([])), "padding or a symbolic link")
    refuses(modern(size: 1, more: ["attr": .text("p")]), "padding or a symbolic link")
  }

  @Test func anExecutableIsAFileLikeOthers() throws {
    #expect(throws: Never.self) { try TorrentDocument(parsing: file(modern(size: 1, more: ["attr": .text("x")]))) }
  }

  @Test(arguments: [0, -16_384, 1, 16_383, 1 << 27, Int64.max]) func piecesOutOfBoundsAreRefused(length: Int64) {
    refuses(classic(size: 1, pieces: 1).setting("piece length", .integer(length)), "make a torrent with pieces of")
    refuses(modern(size: 1).setting("piece length", .integer(length)), "make a torrent with pieces of")
  }

  @Test func inATreePiecesAreAPowerOfTwo() throws {
    refuses(modern(size: 1).setting("piece length", .integer(49_152)), "no power of two")
    let classic = classic(size: 1, pieces: 1).setting("piece length", .integer(49_152))
    #expect(try TorrentDocument(parsing: file(classic)).pieceBytes == 49_152)
  }

  @Test func morePiecesThanAnEngineShouldKeepAreRefused() {
    refuses(modern(size: TorrentDocument.pieceLimit * 16_384 + 1), "longer pieces")
    refuses(classic(size: TorrentDocument.sizeLimit, pieces: 1), "longer pieces")
  }

  @Test func hashesMustFitThePieces() {
    refuses(classic(size: 40_000, pieces: 2), "bytes of hashes")
    refuses(classic(size: 40_000, pieces: 4), "bytes of hashes")
    refuses(classic(size: 1, pieces: 1).setting("pieces", .text("short")), "bytes of hashes")
    refuses(classic(size: 1, pieces: 1).setting("pieces", nil), "no hashes")
    refuses(modern(size: 1, more: ["pieces root": .text("short")]), "no pieces root")
  }

  @Test func theLayerMustBeThereAndFitThePieces() {
    refuses(file(modern(size: 40_000)), "no piece layers")
    refuses(file(modern(size: 40_000), layer: 2), "has not 32 bytes")
    refuses(file(modern(size: 40_000), layer: 4), "has not 32 bytes")
    refuses(file(modern(size: 40_000), extra: ["piece layers": .dictionary([:])]), "not those of its one file")
    refuses(file(modern(size: 40_000), extra: ["piece layers": .list([])]), "no piece layers")
    let foreign: BencodeValue = .dictionary([BencodeValue.Key([1]): .bytes([UInt8](repeating: 0, count: 96))])
    refuses(file(modern(size: 40_000), extra: ["piece layers": foreign]), "not those of its one file")
    refuses(file(modern(size: 1), layer: 1), "a file of one piece")
  }

  @Test func aHybridOfTwoLengthsIsRefused() {
    let info = modern(size: 40_000).merging(classic(size: 40_001, pieces: 3)) { modern, _ in modern }
    refuses(file(info, layer: 3), "different lengths")
  }

  @Test(arguments: [-1, 0, 3, Int64.max]) func aVersionThatNobodyKnowsIsRefused(version: Int64) {
    refuses(modern(size: 1).setting("meta version", .integer(version)), "neither 1 nor 2")
  }

  @Test func aVersionThatIsNoNumberIsRefused() {
    refuses(classic(size: 1, pieces: 1).setting("meta version", .text("1")), "neither 1 nor 2")
  }

  // MARK: - Fixtures

  private typealias Fields = [BencodeValue.Key: BencodeValue]

  private func classic(size: Int64, pieces: Int) -> Fields {
    [
      "length": .integer(size), "name": .text("layer.tar"), "piece length": .integer(16_384),
      "pieces": .bytes([UInt8](repeating: 7, count: 20 * pieces)),
    ]
  }

  private func modern(size: Int64, name: String = "layer.tar", more: Fields = [:]) -> Fields {
    let file = (["length": .integer(size), "pieces root": .bytes(Self.root)] as Fields).merging(more) { $1 }
    return [
      "file tree": .dictionary([BencodeValue.Key(Array(name.utf8)): .dictionary(["": .dictionary(file)])]),
      "meta version": .integer(2), "name": .text(name), "piece length": .integer(16_384),
    ]
  }

  private func file(_ info: Fields, layer pieces: Int? = nil, extra: Fields = [:]) -> [UInt8] {
    var fields = extra
    fields["info"] = .dictionary(info)
    if let pieces {
      fields["piece layers"] = .dictionary([
        BencodeValue.Key(Self.root): .bytes([UInt8](repeating: 7, count: 32 * pieces))
      ])
    }
    return BencodeValue.dictionary(fields).encoded
  }

  private func refuses(_ info: Fields, _ reason: String, at place: SourceLocation = #_sourceLocation) {
    refuses(file(info), reason, at: place)
  }

  private func refuses(_ file: [UInt8], _ reason: String, at place: SourceLocation = #_sourceLocation) {
    let error = #expect(throws: RegistryError.self, sourceLocation: place) { try TorrentDocument(parsing: file) }
    #expect(error?.code == .torrentInvalid, sourceLocation: place)
    #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")", sourceLocation: place)
  }
}

extension [BencodeValue.Key: BencodeValue] {
  fileprivate func setting(_ key: BencodeValue.Key, _ value: BencodeValue?) -> Self {
    var changed = self
    changed[key] = value
    return changed
  }
}
