/// A magnet link (BEP 9, BEP 52): which torrent, and hints where to look.
///
///     magnet:?xt=urn:btmh:1220<64 hex>&xt=urn:btih:<40 hex or 32 base32>&dn=NAME&tr=URL&ws=URL&x.pe=ADDRESS:PORT
public struct MagnetLink: Hashable, Sendable {
  public static let byteLimit = 64 * 1024
  public static let peerLimit = 64

  /// One or two, of different versions, the better one first: version 2.
  public let infoHashes: [InfoHash]
  /// What to show; it says nothing about the bytes.
  public let name: String?
  public let trackers: [String]
  public let webSeeds: [String]
  public let peers: [PeerEndpoint]

  /// The one to fetch by.
  public var infoHash: InfoHash { infoHashes[0] }

  /// - Parameter infoHashes: one, or one of each version: anything else is our own bug.
  public init(
    _ infoHashes: [InfoHash], name: String? = nil, trackers: [String] = [], webSeeds: [String] = [],
    peers: [PeerEndpoint] = []
  ) {
    precondition(
      !infoHashes.isEmpty && Set(infoHashes.map(\.version)).count == infoHashes.count,
      "a magnet link names one torrent")
    self.infoHashes = infoHashes.sorted { $0.version.rawValue > $1.version.rawValue }
    self.name = name
    self.trackers = trackers
    self.webSeeds = webSeeds
    self.peers = peers
  }

  /// Other kinds of names (`urn:sha1` and the like), other parameters, and hints that are of no use are passed over.
  public init(parsing text: String) throws(RegistryError) {
    let scheme = "magnet:?"
    guard text.utf8.count <= Self.byteLimit else {
      throw .magnetInvalid("it is longer than \(Self.byteLimit) bytes")
    }
    guard String(text.prefix(scheme.count)).asciiLowercased == scheme else {
      throw .magnetInvalid("it does not begin with \(scheme): give it whole, in quotes for a shell")
    }
    var fields: [String: [String]] = [:]
    for (name, raw) in PercentText.pairs(text.dropFirst(scheme.count)) {
      guard let value = PercentText.decode(raw).flatMap({ String(validating: $0, as: UTF8.self) }) else {
        throw .magnetInvalid("a value in it is not percent-encoded UTF-8: copy the link anew")
      }
      fields[Self.withoutNumber(name), default: []].append(value)
    }
    self.init(
      try Self.infoHashes(fields["xt"] ?? []), name: fields["dn"]?.first(where: \.isOneLine),
      trackers: TorrentAddress.trackers(fields["tr"] ?? []), webSeeds: TorrentAddress.webSeeds(fields["ws"] ?? []),
      peers: Array((fields["x.pe"] ?? []).lazy.compactMap { PeerEndpoint(parsing: $0) }.prefix(Self.peerLimit)))
  }

  /// `tr.1`, `tr.2`: some writers number what comes more than once.
  private static func withoutNumber(_ name: String) -> String {
    guard let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) else { return name }
    let number = name.utf8[name.utf8.index(after: dot)...]
    let isNumber = !number.isEmpty && number.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    return isNumber ? String(name[..<dot]) : name
  }

  private static func infoHashes(_ names: [String]) throws(RegistryError) -> [InfoHash] {
    var found: [InfoHash] = []
    for name in names {
      guard let infoHash = try InfoHash(urn: name), !found.contains(infoHash) else { continue }
      guard !found.contains(where: { $0.version == infoHash.version }) else {
        throw .magnetInvalid("it names two torrents: use one link for each")
      }
      found.append(infoHash)
    }
    guard !found.isEmpty else { throw .magnetInvalid("it names no torrent: xt=urn:btih:… or xt=urn:btmh:… is missing") }
    return found
  }
}

extension MagnetLink: CustomStringConvertible {
  /// The link. It parses to this value again.
  public var description: String {
    let fields =
      infoHashes.map { "xt=\($0.urn)" } + [name].compactMap { $0.map { "dn=\(PercentText.encode($0))" } }
      + trackers.map { "tr=\(PercentText.encode($0))" } + webSeeds.map { "ws=\(PercentText.encode($0))" }
      + peers.map { "x.pe=\(PercentText.encode($0.description, except: ":[]"))" }
    return "magnet:?" + fields.joined(separator: "&")
  }
}

extension RegistryError {
  fileprivate static func magnetInvalid(_ what: String) -> RegistryError {
    RegistryError(.torrentInvalid, "the magnet link cannot be used: \(what)")
  }
}

extension InfoHash {
  private static let classicPrefix = "urn:btih:"
  private static let modernPrefix = "urn:btmh:"
  /// A multihash says its function and its length first: SHA-256, 32 bytes.
  private static let multihashPrefix = "1220"

  public var urn: String {
    switch version {
    case .v1: Self.classicPrefix + Hex.encode(bytes)
    case .v2: Self.modernPrefix + Self.multihashPrefix + Hex.encode(bytes)
    }
  }

  /// `nil` for a name of another kind.
  fileprivate init?(urn: String) throws(RegistryError) {
    // Names of this kind and both alphabets are the same in either case.
    let name = urn.asciiLowercased
    if name.hasPrefix(Self.classicPrefix) {
      let hash = name.dropFirst(Self.classicPrefix.count)
      guard let bytes = hash.utf8.count == 32 ? Base32.decode(hash) : Hex.decode(hash), bytes.count == 20 else {
        throw .magnetInvalid("urn:btih has 40 hex digits or 32 of base32")
      }
      self.init(version: .v1, bytes: bytes)
    } else if name.hasPrefix(Self.modernPrefix) {
      let multihash = name.dropFirst(Self.modernPrefix.count)
      guard multihash.hasPrefix(Self.multihashPrefix),
        let bytes = Hex.decode(multihash.dropFirst(Self.multihashPrefix.count)), bytes.count == 32
      else { throw .magnetInvalid("urn:btmh has 1220 and 64 hex digits") }
      self.init(version: .v2, bytes: bytes)
    } else {
      return nil
    }
  }
}

/// RFC 4648, 6, in lower case and without padding: as old magnet links write a hash.
private enum Base32 {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// Eight digits for five bytes: `nil` for a length that is no multiple of 8, or another digit.
  static func decode(_ text: some StringProtocol) -> [UInt8]? {
    let digits = text.utf8.compactMap { alphabet.firstIndex(of: $0) }
    guard digits.count == text.utf8.count, digits.count.isMultiple(of: 8) else { return nil }
    return stride(from: 0, to: digits.count, by: 8).flatMap { start in
      let group = digits[start..<start + 8].reduce(UInt64(0)) { $0 << 5 | UInt64($1) }
      return stride(from: 32, through: 0, by: -8).map { UInt8(truncatingIfNeeded: group >> UInt64($0)) }
    }
  }
}
