import RegistryCore

/// What the member that was asked answers.
public enum JoinAnswer: Hashable, Sendable {
  case welcome(Welcome)
  case refused(Refusal)

  /// All that a new member needs to speak with the others, from whom it hears the rest.
  public struct Welcome: Hashable, Sendable {
    /// The new member's, DER.
    public let certificate: [UInt8]
    /// The fleet's, DER.
    public let authority: [UInt8]
    /// As many as fit; the newcomer's own is among them, and those of the nodes whose cards follow.
    public let records: [FleetRecord]
    public let cards: [MemberCard]

    /// `nil`: out of bounds.
    public init?(certificate: [UInt8], authority: [UInt8], records: [FleetRecord], cards: [MemberCard]) {
      guard 1...JoinAnswer.certificateByteLimit ~= certificate.count,
        1...JoinAnswer.certificateByteLimit ~= authority.count, records.count <= JoinAnswer.statementLimit,
        cards.count <= JoinAnswer.statementLimit
      else { return nil }
      (self.certificate, self.authority, self.records, self.cards) = (certificate, authority, records, cards)
    }
  }

  public enum Refusal: Hashable, Sendable {
    /// Wrong, used or expired: the same for all.
    case notInvited
    /// Ask again after so long.
    case busy(milliseconds: Int64)
    /// The invitation is good and stays so; none of the newcomer's addresses answered the member.
    case unreachable
    /// As many belong to the fleet as may.
    case full
    /// The two releases have no version of the members' messages in common.
    case otherVersion
    /// The invitation is good; the member's own trouble.
    case failed
  }

  public static let certificateByteLimit = 64 * 1024
  public static let byteLimit = 4 * 1024 * 1024
  /// How much of it a member that answers fills with what it knows.
  public static let usualByteLimit = 1024 * 1024
  static let statementLimit = 2 * Directory.memberLimit
}

/// As bytes: a bencoded dictionary, either of `authority cards certificate records` or of `refused` and, where it has one,
/// `wait` in milliseconds.
extension JoinAnswer {
  public var bytes: [UInt8] {
    switch self {
    case .welcome(let welcome):
      BencodeValue.dictionary([
        "authority": .bytes(welcome.authority), "cards": .list(welcome.cards.map { .bytes($0.bytes) }),
        "certificate": .bytes(welcome.certificate), "records": .list(welcome.records.map { .bytes($0.bytes) }),
      ]).encoded
    case .refused(let refusal): refusal.bencoded.encoded
    }
  }

  /// `nil`: not an answer. What a later release says of members that this one cannot read is passed over. Fuzzed.
  public init?(bytes: some Collection<UInt8>) {
    let limits = BencodeDocument.Limits(bytes: Self.byteLimit, depth: 4, values: 2 * Self.statementLimit + 64)
    guard bytes.count <= Self.byteLimit, let root = try? BencodeDocument(Array(bytes), within: limits).root,
      root.isDictionary
    else { return nil }
    if let refused = root["refused"] {
      guard let refusal = Refusal(text: refused.text, wait: root["wait"]?.integer) else { return nil }
      self = .refused(refusal)
    } else {
      guard let certificate = root["certificate"]?.bytes, let authority = root["authority"]?.bytes,
        let records = root["records"]?.items?.map(\.bytes), let cards = root["cards"]?.items?.map(\.bytes),
        !records.contains(where: { $0 == nil }), !cards.contains(where: { $0 == nil }),
        let welcome = Welcome(
          certificate: Array(certificate), authority: Array(authority),
          records: records.compactMap { $0.flatMap { FleetRecord(bytes: $0) } },
          cards: cards.compactMap { $0.flatMap { MemberCard(bytes: $0) } })
      else { return nil }
      self = .welcome(welcome)
    }
  }
}

extension JoinAnswer.Refusal {
  private static let longestWait: Int64 = 3_600_000

  fileprivate var bencoded: BencodeValue {
    switch self {
    case .busy(let wait): .dictionary(["refused": .text("busy"), "wait": .integer(wait)])
    case .notInvited: .dictionary(["refused": .text("not invited")])
    case .unreachable: .dictionary(["refused": .text("unreachable")])
    case .full: .dictionary(["refused": .text("full")])
    case .otherVersion: .dictionary(["refused": .text("other version")])
    case .failed: .dictionary(["refused": .text("failed")])
    }
  }

  /// What a later release says beyond these is a refusal without a reason that is known here.
  fileprivate init?(text: String?, wait: Int64?) {
    switch text {
    case "busy":
      guard let wait, 0...Self.longestWait ~= wait else { return nil }
      self = .busy(milliseconds: wait)
    case "not invited": self = .notInvited
    case "unreachable": self = .unreachable
    case "full": self = .full
    case "other version": self = .otherVersion
    case .some: self = .failed
    case nil: return nil
    }
  }
}
