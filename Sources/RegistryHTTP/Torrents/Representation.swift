import RegistryCore
import Wire

/// What a request wants of a blob: its bytes, or a torrent of it.
enum Representation: Hashable {
  case bytes
  case torrent(TorrentVersion)
  /// A torrent, of a version that nobody makes.
  case unknownTorrent

  static let mediaType: StaticString = "application/x-bittorrent"

  /// By the query (`?torrent=1`, for whoever can be given nothing but a URL), else by `Accept`. Makes no string for a
  /// request that asks for neither.
  init(_ request: Request) {
    if let query = request.query, let wanted = Query(query)["torrent"] {
      self = Self.torrent(named: wanted)
    } else if request.fields.mentions(Self.mediaType, in: "Accept") {
      self = AcceptedTorrent(request.fields.all("Accept")).representation
    } else {
      self = .bytes
    }
  }

  /// - Parameter version: `nil` or empty means the one that every client knows.
  static func torrent(named version: String?) -> Representation {
    guard let version, !version.isEmpty else { return .torrent(.v1) }
    return Int(version).flatMap(TorrentVersion.init).map { .torrent($0) } ?? .unknownTorrent
  }
}

/// `Accept` (RFC 9110 §12.5.1) as far as torrents go. A client that likes a torrent better than the bytes gets one, or an
/// error: never bytes, since one asks for a torrent so as not to fetch a large blob from one place. Elements that are
/// malformed are passed over.
struct AcceptedTorrent {
  private var bytes = Liking.none
  private var torrent = Liking.none
  private var version = TorrentVersion.v1
  private var unknownTorrent = Liking.none

  /// How much a type is liked, first by `q`, then by how exactly it was named.
  private struct Liking: Comparable {
    /// In thousandths.
    let quality: Int
    let exactness: Int

    static let none = Liking(quality: 0, exactness: 0)

    static func < (left: Liking, right: Liking) -> Bool {
      (left.quality, left.exactness) < (right.quality, right.exactness)
    }
  }

  init(_ values: [String]) {
    for value in values {
      for element in Self.split(value, at: UInt8(ascii: ",")) { take(element) }
    }
  }

  var representation: Representation {
    if torrent > .none { return torrent > bytes ? .torrent(version) : .bytes }
    return unknownTorrent > bytes ? .unknownTorrent : .bytes
  }

  private mutating func take(_ element: Substring) {
    let parts = Self.split(element, at: UInt8(ascii: ";")).map { Self.trimmed($0).lowercased() }
    guard let type = parts.first, type.contains("/"), let parameters = Self.parameters(parts.dropFirst()),
      let quality = Self.quality(parameters["q"])
    else { return }
    switch type {
    case "*/*": bytes = max(bytes, Liking(quality: quality, exactness: 0))
    case "application/*": bytes = max(bytes, Liking(quality: quality, exactness: 1))
    case "\(Representation.mediaType)":
      takeTorrent(parameters["v"], Liking(quality: quality, exactness: 2))
    // What is stored is served whatever its type, so who names a manifest's or a layer's type names the bytes.
    case _ where type.hasPrefix("application/"): bytes = max(bytes, Liking(quality: quality, exactness: 2))
    default: return
    }
  }

  /// Among versions that are liked equally the first one counts.
  private mutating func takeTorrent(_ name: String?, _ liking: Liking) {
    guard liking.quality > 0 else { return }
    if case .torrent(let named) = Representation.torrent(named: name) {
      if liking > torrent { (torrent, version) = (liking, named) }
    } else {
      unknownTorrent = max(unknownTorrent, liking)
    }
  }

  /// `nil`: one of them is none.
  private static func parameters(_ parts: ArraySlice<String>) -> [String: String]? {
    var parameters: [String: String] = [:]
    for part in parts where !part.isEmpty {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      let value = trimmed(part[part.index(after: equals)...])
      let isQuoted = value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
      parameters[trimmed(part[..<equals])] = isQuoted ? String(value.dropFirst().dropLast()) : value
    }
    return parameters
  }

  /// `q` in thousandths: 0 to 1 with at most three digits behind the point.
  private static func quality(_ text: String?) -> Int? {
    guard let text else { return 1000 }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let fraction = parts.count == 2 ? parts[1] : ""
    guard parts[0] == "0" || parts[0] == "1", fraction.utf8.count <= 3,
      fraction.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let thousandths = Int(parts[0] + fraction + String(repeating: "0", count: 3 - fraction.utf8.count))
    else { return nil }
    return thousandths <= 1000 ? thousandths : nil
  }

  /// A separator inside of a quoted string separates nothing.
  private static func split(_ text: some StringProtocol, at separator: UInt8) -> [Substring] {
    var isQuoted = false
    var isEscaped = false
    return Substring(text).utf8.split(omittingEmptySubsequences: false) { byte in
      defer { isEscaped = isQuoted && !isEscaped && byte == UInt8(ascii: "\\") }
      if byte == UInt8(ascii: "\""), !isEscaped { isQuoted.toggle() }
      return byte == separator && !isQuoted
    }.map { Substring($0) }
  }

  private static func trimmed(_ text: some StringProtocol) -> String {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
  }
}
