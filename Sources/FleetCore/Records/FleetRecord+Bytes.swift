import RegistryCore

/// A record as bytes: what the fleet's signature stands over, and what members send each other.
///
///     signed    = "shoal record 1" NUL body
///     travelled = body signature                      signature = 64 bytes
///     body      = bencoded: content fleet issuer number subject time
///     subject   = "member/" node | "issuer/" node | "policy" | any other, of a later release        node = 64 hex digits
///     content   = bencoded: what is said of the subject
///
/// What is known of a subject only grows by keys, which older releases pass over; what they would misunderstand without
/// comes as a subject of a new kind.
extension FleetRecord {
  private static let prefix = Array("shoal record 1\0".utf8)

  public var bytes: [UInt8] { signed.bytes }

  public var byteCount: Int { signed.byteCount }

  var signedBytes: [UInt8] { Self.prefix + signed.body }

  /// `nil`: not a record, or not in its one spelling.
  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count <= Self.byteLimit, let signed = Signed(bytes: bytes), let draft = Draft(body: signed.body) else {
      return nil
    }
    self.init(draft: draft, signed: signed)
  }
}

extension FleetRecord.Draft {
  /// What the fleet's key signs.
  public var signedBytes: [UInt8] { Array("shoal record 1\0".utf8) + body }

  var body: [UInt8] {
    BencodeValue.dictionary([
      "content": .bytes(statement.content), "fleet": .bytes(fleet.bytes), "issuer": .bytes(issuer.bytes),
      "number": .integer(number), "subject": .text(statement.subject.text), "time": .integer(time),
    ]).encoded
  }

  init?(body: [UInt8]) {
    let limits = BencodeDocument.Limits(bytes: FleetRecord.byteLimit, depth: 4, values: 64)
    guard let root = try? BencodeDocument(body, within: limits).root,
      let fleet = root["fleet"]?.bytes.flatMap({ FleetID(Array($0)) }),
      let issuer = root["issuer"]?.bytes.flatMap({ NodeID(Array($0)) }),
      let number = root["number"]?.integer, let time = root["time"]?.integer,
      let subject = root["subject"]?.text.flatMap(FleetRecord.Subject.init(text:)),
      let content = root["content"]?.bytes, let statement = FleetRecord.Statement(of: subject, content: content)
    else { return nil }
    self.init(fleet: fleet, number: number, issuer: issuer, time: time, statement: statement)
  }
}

extension FleetRecord.Subject {
  private static let byteLimit = 200

  var text: String {
    switch self {
    case .member(let node): "member/\(node)"
    case .issuer(let node): "issuer/\(node)"
    case .policy: "policy"
    case .other(let text): text
    }
  }

  /// `nil`: longer than any may be, not of visible ASCII, or of a kind that is known and not in its spelling.
  init?(text: String) {
    guard 1...Self.byteLimit ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else { return nil }
    if text == "policy" {
      self = .policy
    } else if text.hasPrefix("member/") || text.hasPrefix("issuer/") {
      guard let node = Hex.decode(text.dropFirst("member/".count)).flatMap(NodeID.init) else { return nil }
      self = text.hasPrefix("member/") ? .member(node) : .issuer(node)
    } else {
      self = .other(text)
    }
  }
}

extension FleetRecord.Statement {
  var content: [UInt8] {
    switch self {
    case .member(_, let membership): membership.content
    case .issuer(_, let issuance): issuance.content
    case .policy(let policy): policy.content
    case .other(_, let content): content
    }
  }

  init?(of subject: FleetRecord.Subject, content: ArraySlice<UInt8>) {
    guard content.count <= (subject == .policy ? FleetRecord.policyByteLimit : FleetRecord.contentByteLimit) else {
      return nil
    }
    switch subject {
    case .member(let node):
      guard let membership = Membership(content: content) else { return nil }
      self = .member(node, membership)
    case .issuer(let node):
      guard let issuance = Issuance(content: content) else { return nil }
      self = .issuer(node, issuance)
    case .policy:
      guard let policy = FleetPolicy(content: Array(content)) else { return nil }
      self = .policy(policy)
    case .other(let text):
      self = .other(subject: text, content: Array(content))
    }
  }
}
