import RegistryCore

/// What a member says of itself, under its own key: where it is reached, where it stands, what it speaks.
public struct MemberCard: Hashable, Sendable {
  /// What a card says, before it is signed.
  public struct Draft: Hashable, Sendable {
    public let fleet: FleetID
    public let node: NodeID
    /// Rises whenever the node says something new of itself; of a node's cards the one with the highest stands.
    public let incarnation: Int64
    public let name: NodeName
    /// At least one, the one to try first first.
    public let addresses: [MemberAddress]
    public let zone: Zone?
    /// For people to read.
    public let release: String
    public let versions: ProtocolVersions

    /// `nil`: out of bounds.
    public init?(
      fleet: FleetID, node: NodeID, incarnation: Int64, name: NodeName, addresses: [MemberAddress], zone: Zone?,
      release: String, versions: ProtocolVersions
    ) {
      guard 1...MemberCard.incarnationLimit ~= incarnation, 1...MemberCard.addressLimit ~= addresses.count,
        Set(addresses).count == addresses.count, 1...MemberCard.releaseByteLimit ~= release.utf8.count,
        release.utf8.allSatisfy({ 0x21...0x7e ~= $0 })
      else { return nil }
      (self.fleet, self.node, self.incarnation, self.name) = (fleet, node, incarnation, name)
      (self.addresses, self.zone, self.release, self.versions) = (addresses, zone, release, versions)
    }
  }

  public static let incarnationLimit: Int64 = 1 << 53
  public static let addressLimit = 8
  public static let releaseByteLimit = 64
  /// The longest card on its way, with what later releases add.
  public static let byteLimit = 8 * 1024

  public let draft: Draft
  let signed: Signed

  private init(draft: Draft, signed: Signed) {
    (self.draft, self.signed) = (draft, signed)
  }

  /// `nil`: a signature has 64 bytes.
  /// - Parameter signature: under the node's key, over `draft.signedBytes`.
  public init?(_ draft: Draft, signature: [UInt8]) {
    guard let signed = Signed(body: draft.body, signature: signature) else { return nil }
    self.init(draft: draft, signed: signed)
  }

  /// `nil`: not a card, or not in its one spelling. Fuzzed.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count <= Self.byteLimit, let signed = Signed(bytes: bytes), let draft = Draft(body: signed.body) else {
      return nil
    }
    self.init(draft: draft, signed: signed)
  }

  public var bytes: [UInt8] { signed.bytes }

  public var byteCount: Int { signed.byteCount }

  public var node: NodeID { draft.node }

  public var incarnation: Int64 { draft.incarnation }

  var signedBytes: [UInt8] { Draft.prefix + signed.body }

  public func hash(_ notary: some FleetNotary) -> RecordHash { notary.hash(signedBytes) }

  public func isSigned(by key: PublicKey, _ notary: some FleetNotary) -> Bool {
    notary.isSignature(signed.signature, of: signedBytes, by: key)
  }
}

/// The versions of the members' messages that a release speaks.
public struct ProtocolVersions: Hashable, Sendable {
  public let lowest: Int64
  public let highest: Int64

  /// `nil`: none, or no version numbers.
  public init?(lowest: Int64, highest: Int64) {
    guard lowest >= 1, lowest <= highest, highest <= Int64(UInt16.max) else { return nil }
    (self.lowest, self.highest) = (lowest, highest)
  }

  /// The version in which two understand each other; `nil`: there is none.
  public func common(with other: ProtocolVersions) -> Int64? {
    let version = min(highest, other.highest)
    return version >= max(lowest, other.lowest) ? version : nil
  }
}

/// A card as bytes:
///
///     signed    = "shoal card 1" NUL body
///     travelled = body signature                      signature = 64 bytes
///     body      = bencoded: addresses fleet incarnation name node release versions, and zone when it says one
extension MemberCard.Draft {
  static let prefix = Array("shoal card 1\0".utf8)

  /// What the node's key signs.
  public var signedBytes: [UInt8] { Self.prefix + body }

  var body: [UInt8] {
    var entries: [BencodeValue.Key: BencodeValue] = [
      "addresses": .list(addresses.map { .text($0.description) }), "fleet": .bytes(fleet.bytes),
      "incarnation": .integer(incarnation), "name": .text(name.text), "node": .bytes(node.bytes),
      "release": .text(release), "versions": .list([.integer(versions.lowest), .integer(versions.highest)]),
    ]
    if let zone { entries["zone"] = .text(zone.description) }
    return BencodeValue.dictionary(entries).encoded
  }

  init?(body: [UInt8]) {
    let limits = BencodeDocument.Limits(bytes: MemberCard.byteLimit, depth: 4, values: 128)
    guard let root = try? BencodeDocument(body, within: limits).root,
      let fleet = root["fleet"]?.bytes.flatMap({ FleetID(Array($0)) }),
      let node = root["node"]?.bytes.flatMap({ NodeID(Array($0)) }), let incarnation = root["incarnation"]?.integer,
      let name = root["name"]?.text.flatMap(NodeName.init(parsing:)), let release = root["release"]?.text,
      let addresses = root["addresses"]?.items.flatMap(Self.addresses),
      let versions = root["versions"]?.items.flatMap(Self.versions)
    else { return nil }
    let zone = root["zone"]?.text.flatMap(Zone.init(parsing:))
    guard (zone == nil) == (root["zone"] == nil) else { return nil }
    self.init(
      fleet: fleet, node: node, incarnation: incarnation, name: name, addresses: addresses, zone: zone,
      release: release, versions: versions)
  }

  /// Each in its one spelling.
  private static func addresses(_ items: [BencodeView]) -> [MemberAddress]? {
    let addresses = items.compactMap { item in
      item.text.flatMap { text in MemberAddress(parsing: text).flatMap { $0.description == text ? $0 : nil } }
    }
    return addresses.count == items.count ? addresses : nil
  }

  private static func versions(_ items: [BencodeView]) -> ProtocolVersions? {
    guard items.count == 2, let lowest = items[0].integer, let highest = items[1].integer else { return nil }
    return ProtocolVersions(lowest: lowest, highest: highest)
  }
}
