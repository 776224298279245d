import RegistryCore

/// What an operator carries from a member to the machine that shall join: where to ask, by which key to know the fleet, and
/// a secret for one use. One line without anything that a shell, a mail or a chat would change, selected by a double
/// click.
public struct InviteToken: Hashable, Sendable {
  public static let addressLimit = MemberCard.addressLimit
  public static let idByteCount = 8
  public static let secretByteCount = 16

  /// Of the member that made it; at least one.
  public let addresses: [MemberAddress]
  /// The hash of the fleet's key: whoever cannot show a certificate under it is told nothing.
  public let fleet: FleetID
  public let id: InviteID
  public let secret: InviteSecret
  /// In seconds since 1970. For the joiner's message only: the member that made it decides.
  public let expires: Int64

  /// `nil`: out of bounds.
  public init?(addresses: [MemberAddress], fleet: FleetID, id: InviteID, secret: InviteSecret, expires: Int64) {
    guard 1...Self.addressLimit ~= addresses.count, Set(addresses).count == addresses.count,
      0...Int64(UInt32.max) ~= expires
    else { return nil }
    (self.addresses, self.fleet, self.id, self.secret, self.expires) = (addresses, fleet, id, secret, expires)
  }
}

/// Says which invitation; no secret.
public struct InviteID: Hashable, Sendable, CustomStringConvertible {
  public let bytes: [UInt8]

  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == InviteToken.idByteCount else { return nil }
    self.bytes = Array(bytes)
  }

  public var description: String { Hex.encode(bytes) }
}

/// Proves that one was invited. Never shown where it is not asked for.
public struct InviteSecret: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  let bytes: [UInt8]

  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == InviteToken.secretByteCount else { return nil }
    self.bytes = Array(bytes)
  }

  public var description: String { "(a secret)" }

  public var customMirror: Mirror { Mirror(self, children: []) }

  /// What the inviting member keeps, and what proofs are made under: who reads it there cannot write the token.
  func hash(of id: InviteID, _ notary: some FleetNotary) -> RecordHash {
    notary.hash(Array("shoal invite 1\0".utf8) + id.bytes + bytes)
  }
}

/// As text:
///
///     token    = "shoal1" and 32 letters of Crockford's alphabet, lowercase, five bits each
///     bits     = count rest checksum, the last letter filled up with zeros
///     count    = how many bytes rest has, in two bytes: so that a token that was cut is known for one
///     rest     = fleet id secret expires (4 bytes) addresses (each its length in two bytes, and its text)
///     checksum = CRC-32 (IEEE 802.3) over count and rest
///
/// All numbers are big-endian.
extension InviteToken {
  public static let prefix = "shoal"
  /// The longest text that is looked at.
  public static let textByteLimit = 8192

  private static let version = "1"

  public var text: String {
    var rest = fleet.bytes + id.bytes + secret.bytes + UInt32(expires).bigEndianBytes
    for address in addresses {
      let text = Array(address.description.utf8)
      rest += UInt16(text.count).bigEndianBytes + text
    }
    let counted = UInt16(rest.count).bigEndianBytes + rest
    return Self.prefix + Self.version + Crockford.encode(counted + CheckSum.crc32(counted).bigEndianBytes)
  }

  /// Reads what somebody pasted; white space around it is passed over. Fuzzed.
  public init(parsing pasted: some StringProtocol) throws(InviteTokenFault) {
    guard pasted.utf8.count <= Self.textByteLimit else { throw .notAToken }
    let text = pasted.utf8.drop(while: Self.isSpace).reversed().drop(while: Self.isSpace).reversed()
    guard text.starts(with: Self.prefix.utf8) else { throw .notAToken }
    guard let version = text.dropFirst(Self.prefix.utf8.count).first else { throw .cut }
    guard version == Self.version.utf8.first else { throw .otherVersion }
    let letters = Array(text.dropFirst(Self.prefix.utf8.count + 1))
    guard let bytes = Crockford.decode(letters) else { throw .mistyped }
    guard bytes.count >= 2 else { throw .cut }
    let length = 2 + Int(bytes[0]) << 8 + Int(bytes[1]) + 4
    // A length in which a letter is wrong looks like a cut: the advice is the same.
    guard bytes.count >= length else { throw .cut }
    guard bytes.count == length, Crockford.encode(bytes).utf8.elementsEqual(letters),
      CheckSum.crc32(bytes.dropLast(4)).bigEndianBytes.elementsEqual(bytes.suffix(4)),
      let token = Self.read(bytes.dropFirst(2).dropLast(4))
    else { throw .mistyped }
    self = token
  }

  private static func read(_ bytes: ArraySlice<UInt8>) -> InviteToken? {
    var rest = bytes
    func take(_ count: Int) -> ArraySlice<UInt8>? {
      guard rest.count >= count else { return nil }
      defer { rest = rest.dropFirst(count) }
      return rest.prefix(count)
    }
    guard let fleet = take(FleetID.byteCount).flatMap({ FleetID(Array($0)) }),
      let id = take(idByteCount).flatMap(InviteID.init), let secret = take(secretByteCount).flatMap(InviteSecret.init),
      let expires = take(4).map({ Int64(UInt64(bigEndian: $0)) })
    else { return nil }
    var addresses: [MemberAddress] = []
    while !rest.isEmpty {
      guard addresses.count < addressLimit, let count = take(2).map({ Int(UInt64(bigEndian: $0)) }),
        let text = take(count).flatMap({ String(validating: $0, as: UTF8.self) }),
        let address = MemberAddress(parsing: text), address.description == text
      else { return nil }
      addresses.append(address)
    }
    return InviteToken(addresses: addresses, fleet: fleet, id: id, secret: secret, expires: expires)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0d ~= byte }
}

/// Why what was pasted is no token, and what to do.
public enum InviteTokenFault: Error, Hashable, Sendable, CustomStringConvertible {
  case notAToken
  case otherVersion
  case cut
  case mistyped

  public var description: String {
    switch self {
    case .notAToken: "this is no invitation: paste the whole line that `shoal fleet invite` printed, from 'shoal1' on"
    case .otherVersion: "this invitation was made by a later release: install the release that the fleet runs"
    case .cut: "the end of the invitation is missing: copy the whole line that `shoal fleet invite` printed"
    case .mistyped: "a letter of the invitation is wrong: copy the line that `shoal fleet invite` printed once more"
    }
  }
}
