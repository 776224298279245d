/// A `.torrent` file, or an info dictionary, from outside: of one file, and checked as far as its own bytes go. That the
/// piece layer hashes up to the root is checked where hashes are made.
public struct TorrentDocument: Hashable, Sendable {
  /// Of a whole `.torrent`: more than half a million pieces need no more.
  public static let byteLimit = 16 * 1024 * 1024
  public static let depthLimit = 16
  public static let valueLimit = 65_536
  /// What libtorrent keeps in memory grows with the pieces.
  public static let pieceLimit: Int64 = 512 * 1024
  /// A piece is verified whole before any of its bytes is believed.
  public static let pieceBytesLimit = 64 * 1024 * 1024
  /// A block is what peers ask each other for: no piece is shorter.
  public static let blockBytes = 16 * 1024
  public static let sizeLimit: Int64 = 8 << 40
  public static let nameByteLimit = 255

  /// The info dictionary as it stands in the file: the info hashes are of these bytes.
  public let info: [UInt8]
  public let name: String
  /// At least 1.
  public let size: Int64
  public let pieceBytes: Int
  /// Version 1: 20 bytes for each piece.
  public let classicHashes: [UInt8]?
  /// Version 2.
  public let tree: Tree?
  /// URLs of `http`, `https` and `udp`, in the order in which to try them.
  public let trackers: [String]
  /// URLs of `http` and `https`.
  public let webSeeds: [String]

  public struct Tree: Hashable, Sendable {
    public let piecesRoot: [UInt8]
    /// 32 bytes for each piece; empty when there is one piece, or when only the info dictionary is known.
    public let pieceLayer: [UInt8]
  }

  /// Which torrents it is, the better one first.
  public var versions: [TorrentVersion] { (tree == nil ? [] : [.v2]) + (classicHashes == nil ? [] : [.v1]) }

  public var pieceCount: Int { Int((size + Int64(pieceBytes) - 1) / Int64(pieceBytes)) }

  /// A whole `.torrent` file.
  public init(parsing file: [UInt8]) throws(RegistryError) {
    let root = try Self.read(file).root
    guard let info = root["info"], info.isDictionary else {
      throw .torrentInvalid("it has no info dictionary: is it a .torrent file?")
    }
    let facts = try TorrentInfo(info)
    let layer = try facts.tree.map { tree throws(RegistryError) in try tree.layer(in: root["piece layers"]) }
    self.init(
      info, facts, pieceLayer: layer ?? [], trackers: TorrentAddress.trackers(Self.announceURLs(root)),
      webSeeds: TorrentAddress.webSeeds(Self.seedURLs(root)))
  }

  /// An info dictionary alone, as peers hand it to who has a magnet link only. Its piece layer is to be learnt from them.
  public init(info: [UInt8], trackers: [String] = [], webSeeds: [String] = []) throws(RegistryError) {
    let root = try Self.read(info).root
    guard root.isDictionary else { throw .torrentInvalid("its info is no dictionary") }
    self.init(
      root, try TorrentInfo(root), pieceLayer: [], trackers: TorrentAddress.trackers(trackers),
      webSeeds: TorrentAddress.webSeeds(webSeeds))
  }

  private init(
    _ info: BencodeView, _ facts: TorrentInfo, pieceLayer: [UInt8], trackers: [String], webSeeds: [String]
  ) {
    self.info = Array(info.encoded)
    name = facts.name
    size = facts.size
    pieceBytes = facts.pieceBytes
    classicHashes = facts.classicHashes
    tree = facts.tree.map { Tree(piecesRoot: $0.piecesRoot, pieceLayer: pieceLayer) }
    self.trackers = trackers
    self.webSeeds = webSeeds
  }

  private static func read(_ bytes: [UInt8]) throws(RegistryError) -> BencodeDocument {
    do {
      return try BencodeDocument(
        bytes, within: BencodeDocument.Limits(bytes: byteLimit, depth: depthLimit, values: valueLimit))
    } catch {
      throw .torrentInvalid("it is not bencoded as BEP 3 asks: \(error.what) (at byte \(error.offset)); make it anew")
    }
  }

  /// BEP 12: the tiers, and `announce` only for those who know no tiers.
  private static func announceURLs(_ root: BencodeView) -> [String] {
    let tiers = root["announce-list"]?.items ?? []
    return tiers.flatMap { $0.items ?? [] }.compactMap(\.text) + [root["announce"]?.text].compactMap(\.self)
  }

  /// BEP 19: a list, or one URL.
  private static func seedURLs(_ root: BencodeView) -> [String] {
    guard let seeds = root["url-list"] else { return [] }
    return (seeds.items ?? [seeds]).compactMap(\.text)
  }
}

extension RegistryError {
  static func torrentInvalid(_ what: String) -> RegistryError {
    RegistryError(.torrentInvalid, "the torrent cannot be used: \(what)")
  }
}
