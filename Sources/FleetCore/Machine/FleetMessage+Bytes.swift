import RegistryCore

/// A message as bytes: a bencoded dictionary with a version `v` and a type `t`. Keys that this release does not know are
/// passed over, a type that it does not know is `unknown`; whatever else is out of form is no message. Fuzzed.
///
///     head      = node epoch sequence hash       32 + 8 + 8 + 8 bytes, big-endian; several stand one behind the other
///     want      = node epoch after               32 + 8 + 8 bytes
///     suspicion = node incarnation               32 + 8 bytes
///     run       = dictionary: a (after), c (claims, each in its own spelling), h (hops)
extension FleetMessage {
  public static let version: Int64 = 1

  public var bytes: [UInt8] {
    var entries = content
    entries["v"] = .integer(Self.version)
    entries["t"] = .text(type)
    return BencodeValue.dictionary(entries).encoded
  }

  public init?(bytes: [UInt8]) {
    let limits = BencodeDocument.Limits(
      bytes: FleetLimits.messageBytes, depth: 6, values: FleetLimits.messageValues)
    guard let root = try? BencodeDocument(bytes, within: limits).root, let version = root["v"]?.integer, version >= 1,
      let type = root["t"]?.text, let message = Self.read(type, from: root)
    else { return nil }
    self = message
  }

  private var type: String {
    switch self {
    case .exchange: "exchange"
    case .compare: "compare"
    case .heads: "heads"
    case .pull: "pull"
    case .runs: "runs"
    case .push: "push"
    case .news: "news"
    case .probe: "probe"
    case .probed: "probed"
    case .ownHeads: "ownheads"
    case .taken: "taken"
    case .announce: "announce"
    case .receipt: "receipt"
    case .locate: "locate"
    case .located: "located"
    case .busy: "busy"
    case .unknown, .unsupported: "unsupported"
    }
  }

  private var content: [BencodeValue.Key: BencodeValue] {
    switch self {
    case .exchange(let greeting): greeting.content
    case .compare(let comparison):
      ["part": .integer(comparison.part), "parts": .integer(comparison.parts), "heads": .packed(comparison.heads)]
    case .heads(let heads): ["heads": .packed(heads)]
    case .pull(let wants): ["wants": .packed(wants)]
    case .runs(let runs): ["runs": .list(runs.map { $0.value(hops: 0) })]
    case .push(let gossip): gossip.content
    case .news(let directory, let cards): ["dir": .bytes(directory.bytes), "cards": .bytes(cards.bytes)]
    case .probe(let node): ["node": .bytes(node.bytes)]
    case .probed(let isThere): ["ok": .integer(isThere ? 1 : 0)]
    case .announce(let batch): ["batch": batch.bencoded]
    case .receipt(let receipt): ["receipt": .integer(receipt.rawValue)]
    case .locate(let question): ["question": question.bencoded]
    case .located(let answer): ["answer": answer.bencoded]
    case .ownHeads, .taken, .busy, .unknown, .unsupported: [:]
    }
  }

  private static func read(_ type: String, from root: BencodeView) -> FleetMessage? {
    switch type {
    case "exchange": Greeting(root).map(exchange)
    case "compare": Comparison(root).map(compare)
    case "heads": root["heads"]?.packed(atMost: FleetLimits.headsInMessage).map(heads)
    case "pull": root["wants"]?.packed(atMost: FleetLimits.wants).map(pull)
    case "runs": Gossip.rumours(root["runs"]).map { .runs($0.map(\.run)) }
    case "push": Gossip(root).map(push)
    case "news":
      root["dir"]?.bytes.flatMap { ShelfSums(bytes: $0) }.flatMap { directory in
        root["cards"]?.bytes.flatMap { ShelfSums(bytes: $0) }.map { .news(directory: directory, cards: $0) }
      }
    case "probe": root["node"]?.bytes.flatMap { NodeID(Array($0)) }.map(probe)
    case "probed": root["ok"]?.integer.map { .probed($0 == 1) }
    case "ownheads": .ownHeads
    case "taken": .taken
    case "announce": root["batch"].flatMap { LeaseBatch($0) }.map(announce)
    case "receipt": root["receipt"]?.integer.flatMap { LeaseReceipt(rawValue: $0) }.map(receipt)
    case "locate": root["question"].flatMap { LocateQuestion($0) }.map(locate)
    case "located": root["answer"].flatMap { LocateAnswer($0) }.map(located)
    case "busy": .busy
    case "unsupported": .unsupported
    default: .unknown
    }
  }
}

extension Greeting {
  fileprivate var content: [BencodeValue.Key: BencodeValue] {
    var content: [BencodeValue.Key: BencodeValue] = [
      "heads": .bytes(heads.bytes), "dir": .bytes(directory.bytes), "cards": .bytes(cards.bytes),
      "inc": .integer(incarnation), "wall": .integer(wall), "sus": .packed(suspicions),
    ]
    if let stock { (content["blobs"], content["bytes"]) = (.integer(stock.blobs), .integer(stock.bytes)) }
    if let shortenings { content["shortenings"] = .integer(shortenings) }
    return content
  }

  fileprivate init?(_ root: BencodeView) {
    guard let heads = root["heads"]?.bytes.flatMap({ HeadsDigest(bytes: $0) }),
      let directory = root["dir"]?.bytes.flatMap({ DirectoryDigest(bytes: $0) }),
      let cards = root["cards"]?.bytes.flatMap({ DirectoryDigest(bytes: $0) }),
      let incarnation = root["inc"]?.integer, 0...MemberCard.incarnationLimit ~= incarnation,
      let wall = root["wall"]?.integer, 0...HybridTime.wallLimit ~= wall,
      let suspicions: [Suspicion] = root["sus"]?.packed(atMost: FleetLimits.suspicionsInMessage)
    else { return nil }
    self.init(
      heads: heads, directory: directory, cards: cards, incarnation: incarnation, wall: wall, suspicions: suspicions,
      stock: Stock(blobs: root["blobs"]?.integer ?? -1, bytes: root["bytes"]?.integer ?? -1),
      shortenings: root["shortenings"]?.integer.flatMap { $0 < 0 ? nil : $0 })
  }
}

extension HybridTime {
  /// What fits beside the counter.
  static let wallLimit: Int64 = 1 << 46
}

extension Comparison {
  fileprivate init?(_ root: BencodeView) {
    guard let part = root["part"]?.integer, let parts = root["parts"]?.integer,
      let heads: [WriterHead] = root["heads"]?.packed(atMost: FleetLimits.headsInMessage)
    else { return nil }
    self.init(part: part, of: parts, heads: heads)
  }
}

extension ClaimRun {
  fileprivate func value(hops: Int64) -> BencodeValue {
    .dictionary(["a": .integer(after), "c": .list(claims.map { .bytes($0.bytes) }), "h": .integer(hops)])
  }
}

extension Gossip {
  fileprivate var content: [BencodeValue.Key: BencodeValue] {
    [
      "runs": .list(rumours.map { $0.run.value(hops: $0.hops) }),
      "records": .list(news.records.map { .bytes($0.bytes) }),
      "forks": .list(news.forks.map { .bytes($0.bytes) }), "cards": .list(cards.map { .bytes($0.bytes) }),
    ]
  }

  fileprivate init?(_ root: BencodeView) {
    guard let rumours = Self.rumours(root["runs"]),
      let records = root["records"]?.each({ FleetRecord(bytes: $0) }),
      let forks = root["forks"]?.each({ ForkProof(bytes: $0) }),
      let cards = root["cards"]?.each({ MemberCard(bytes: $0) })
    else { return nil }
    self.init(rumours: rumours, news: DirectoryNews(records: records, forks: forks), cards: cards)
  }

  fileprivate static func rumours(_ list: BencodeView?) -> [Rumour]? {
    guard let items = list?.items else { return nil }
    var rumours: [Rumour] = []
    for item in items {
      guard let after = item["a"]?.integer, let hops = item["h"]?.integer, hops >= 0,
        let claims = item["c"]?.each({ SignedClaim(bytes: $0) }), let run = ClaimRun(after: after, claims)
      else { return nil }
      rumours.append(Rumour(run, hops: hops))
    }
    return rumours
  }
}

extension BencodeView {
  /// `nil`: no list of byte strings, or one of them is not what is expected.
  fileprivate func each<Element>(_ read: (ArraySlice<UInt8>) -> Element?) -> [Element]? {
    guard let items else { return nil }
    let elements = items.compactMap { $0.bytes.flatMap(read) }
    return elements.count == items.count ? elements : nil
  }

  fileprivate func packed<Element: Packed>(atMost limit: Int) -> [Element]? {
    guard let bytes, bytes.count.isMultiple(of: Element.byteCount), bytes.count / Element.byteCount <= limit else {
      return nil
    }
    var elements: [Element] = []
    elements.reserveCapacity(bytes.count / Element.byteCount)
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: Element.byteCount) {
      guard let element = Element(packed: bytes[start..<start + Element.byteCount]) else { return nil }
      elements.append(element)
    }
    return elements
  }
}

extension BencodeValue {
  fileprivate static func packed(_ elements: [some Packed]) -> BencodeValue {
    .bytes(elements.flatMap(\.packed))
  }
}
