/// What a BitTorrent client tells an HTTP tracker, and asks of it: the query of an announce (BEP 3, 23).
///
/// The client's address is the connection's: `ip`, `ipv4` and `ipv6` (BEP 3, 7) are passed over like all that is not
/// known here, since with them anybody could point a swarm at somebody else.
public struct AnnounceQuery: Hashable, Sendable {
  public static let byteLimit = 4096
  /// How many peers a client is told of that does not say how many it wants, and at most.
  public static let usualWanted = 50
  public static let mostWanted = 200
  public static let keyByteLimit = 64

  public enum Event: String, Hashable, Sendable {
    case started, completed, stopped
    /// Of a client that wants a part only and has it (BEP 21).
    case paused
  }

  /// 20 bytes: of version 2 the first 20.
  public let infoHash: [UInt8]
  /// 20 bytes.
  public let peerID: [UInt8]
  public let port: UInt16
  public let uploaded: Int64
  public let downloaded: Int64
  /// Bytes that the client lacks; 0 is a seed.
  public let left: Int64
  public let event: Event?
  /// How many peers the client wants to hear of, 0 to `mostWanted`.
  public let wanted: Int
  /// `false` only of a client that asked for the old list of dictionaries; a tracker need not obey (BEP 23).
  public let isCompact: Bool
  public let omitsPeerIDs: Bool
  /// What tells a client whose address changed from another one.
  public let key: [UInt8]?

  /// - Parameter query: what stands behind the `?`, undecoded.
  public init(parsing query: String) throws(AnnounceRefusal) {
    let fields = try AnnounceFields(query)
    infoHash = try fields.twentyBytes(.infoHash)
    peerID = try fields.twentyBytes(.peerID)
    port = try fields.port()
    uploaded = try fields.number(.uploaded) ?? 0
    downloaded = try fields.number(.downloaded) ?? 0
    left = try fields.required(.left, fields.number(.left))
    event = try fields.event()
    wanted = try fields.number(.wanted).map { Int(min($0, Int64(Self.mostWanted))) } ?? Self.usualWanted
    isCompact = try fields.flag(.compact) ?? true
    omitsPeerIDs = try fields.flag(.omitsPeerIDs) ?? false
    key = try fields.key()
  }
}

/// Why an announce is not answered with peers. Trackers say it in the body of a 200: clients show it to their users.
public struct AnnounceRefusal: Error, Hashable, Sendable {
  public let reason: String

  public init(_ reason: String) { self.reason = reason }

  public var bencoded: [UInt8] { BencodeValue.dictionary(["failure reason": .text(reason)]).encoded }
}

/// The fields of an announce that a tracker knows, each at most once.
private struct AnnounceFields {
  enum Name: String {
    case infoHash = "info_hash"
    case peerID = "peer_id"
    case port, uploaded, downloaded, left, event, compact, key
    case wanted = "numwant"
    case omitsPeerIDs = "no_peer_id"
  }

  private var values: [Name: [UInt8]] = [:]

  init(_ query: String) throws(AnnounceRefusal) {
    guard query.utf8.count <= AnnounceQuery.byteLimit else {
      throw AnnounceRefusal("the announce is longer than \(AnnounceQuery.byteLimit) bytes")
    }
    for (text, raw) in PercentText.pairs(query) {
      guard let name = Name(rawValue: text) else { continue }
      guard values[name] == nil else { throw AnnounceRefusal("\(text) is given twice") }
      guard let value = PercentText.decode(raw) else {
        throw AnnounceRefusal("\(text) has a % without two hex digits behind it")
      }
      // A form's space or a plus: readers differ, so writers must not leave the choice.
      guard !raw.contains(UInt8(ascii: "+")) else {
        throw AnnounceRefusal("write + as %2B and space as %20 in \(text)")
      }
      values[name] = value
    }
  }

  func required<Value>(_ name: Name, _ value: Value?) throws(AnnounceRefusal) -> Value {
    guard let value else { throw AnnounceRefusal("\(name.rawValue) is missing") }
    return value
  }

  func twentyBytes(_ name: Name) throws(AnnounceRefusal) -> [UInt8] {
    let value = try required(name, values[name])
    guard value.count == 20 else { throw AnnounceRefusal("\(name.rawValue) has 20 bytes, not \(value.count)") }
    return value
  }

  /// Decimal digits and nothing else.
  func number(_ name: Name) throws(AnnounceRefusal) -> Int64? {
    guard let value = values[name] else { return nil }
    guard value.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      let number = Int64(String(decoding: value, as: UTF8.self))
    else { throw AnnounceRefusal("\(name.rawValue) is a number of 0 or more") }
    return number
  }

  func port() throws(AnnounceRefusal) -> UInt16 {
    let number = try required(.port, number(.port))
    guard let port = UInt16(exactly: number), port > 0 else { throw AnnounceRefusal("port is 1 to 65535") }
    return port
  }

  func flag(_ name: Name) throws(AnnounceRefusal) -> Bool? {
    guard let number = try number(name) else { return nil }
    guard number <= 1 else { throw AnnounceRefusal("\(name.rawValue) is 0 or 1") }
    return number == 1
  }

  /// An empty event is none (BEP 3).
  func event() throws(AnnounceRefusal) -> AnnounceQuery.Event? {
    guard let value = values[.event], !value.isEmpty else { return nil }
    guard let event = AnnounceQuery.Event(rawValue: String(decoding: value, as: UTF8.self)) else {
      throw AnnounceRefusal("event is started, completed, stopped or empty")
    }
    return event
  }

  func key() throws(AnnounceRefusal) -> [UInt8]? {
    guard let value = values[.key] else { return nil }
    guard value.count <= AnnounceQuery.keyByteLimit else {
      throw AnnounceRefusal("key has at most \(AnnounceQuery.keyByteLimit) bytes")
    }
    return value
  }
}
