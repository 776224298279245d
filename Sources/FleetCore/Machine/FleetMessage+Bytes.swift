import RegistryCore

/// A message as bytes: a bencoded dictionary with a version `v` and a type `t`. Keys that this release does not know are
/// passed over, a type that it does not know is `unknown`. A record, proof, card or claim that it cannot read is passed over
/// too, and the rest taken; of a log, what stands behind such a claim goes with it, since a chain is checked link by link.
/// Whatever else is out of form is no message. Fuzzed.
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
    guard let message = Self.read(bytes)?.message else { return nil }
    self = message
  }

  /// - Returns: `passedOver`: how many statements in it this release cannot read.
  public static func read(_ bytes: [UInt8]) -> (message: FleetMessage, passedOver: Int)? {
    let limits = BencodeDocument.Limits(
      bytes: FleetLimits.messageBytes, depth: 6, values: FleetLimits.messageValues)
    var passedOver = 0
    guard let root = try? BencodeDocument(bytes, within: limits).root, let version = root["v"]?.integer, version >= 1,
      let type = root["t"]?.text, let message = read(type, from: root, &passedOver)
    else { return nil }
    return (message, passedOver)
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

  private static func read(_ type: String, from root: BencodeView, _ passedOver: inout Int) -> FleetMessage? {
    switch type {
    case "exchange": Greeting(root).map(exchange)
    case "compare": Comparison(root).map(compare)
    case "heads": root["heads"]?.packed(atMost: FleetLimits.headsInMessage).map(heads)
    case "pull": root["wants"]?.packed(atMost: FleetLimits.wants).map(pull)
    case "runs": Gossip.rumours(root["runs"], &passedOver).map { .runs($0.map(\.run)) }
    case "push": Gossip(root, &passedOver).map(push)
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
    if let stock = bulletin.stock {
      (content["blobs"], content["bytes"]) = (.integer(stock.blobs), .integer(stock.bytes))
    }
    if let behind = bulletin.behindMilliseconds { content["behind"] = .integer(behind) }
    if let end = bulletin.certificateEnd { content["certificate"] = .integer(end) }
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
      bulletin: Bulletin(
        stock: Stock(blobs: root["blobs"]?.integer ?? -1, bytes: root["bytes"]?.integer ?? -1),
        behindMilliseconds: root.count("behind"), certificateEnd: root.count("certificate")),
      shortenings: root.count("shortenings"))
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

  fileprivate init?(_ root: BencodeView, _ passedOver: inout Int) {
    guard let rumours = Self.rumours(root["runs"], &passedOver),
      let records = root["records"]?.each(&passedOver, { FleetRecord(bytes: $0) }),
      let forks = root["forks"]?.each(&passedOver, { ForkProof(bytes: $0) }),
      let cards = root["cards"]?.each(&passedOver, { MemberCard(bytes: $0) })
    else { return nil }
    self.init(rumours: rumours, news: DirectoryNews(records: records, forks: forks), cards: cards)
  }

  fileprivate static func rumours(_ list: BencodeView?, _ passedOver: inout Int) -> [Rumour]? {
    guard let items = list?.items else { return nil }
    var rumours: [Rumour] = []
    for item in items {
      guard let after = item["a"]?.integer, let hops = item["h"]?.integer, hops >= 0,
        let texts = item["c"]?.items?.map(\.bytes), !texts.isEmpty, !texts.contains(where: { $0 == nil })
      else { return nil }
      var claims: [SignedClaim] = []
      for text in texts {
        guard let claim = text.flatMap({ SignedClaim(bytes: $0) }) else { break }
        claims.append(claim)
      }
      passedOver += texts.count - claims.count
      guard !claims.isEmpty else { continue }
      guard let run = ClaimRun(after: after, claims) else { return nil }
      rumours.append(Rumour(run, hops: hops))
    }
    return rumours
  }
}

extension BencodeView {
  /// `nil`: it is not there, or no number from 0 on.
  fileprivate func count(_ key: StaticString) -> Int64? { self[key]?.integer.flatMap { $0 < 0 ? nil : $0 } }

  /// Those that can be read. `nil`: no list of byte strings.
  fileprivate func each<Element>(
    _ passedOver: inout Int, _ read: (ArraySlice<UInt8>) -> Element?
  ) -> [Element]? {
    guard let texts = items?.map(\.bytes), !texts.contains(where: { $0 == nil }) else { return nil }
    let elements = texts.compactMap { $0.flatMap(read) }
    passedOver += texts.count - elements.count
    return elements
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
