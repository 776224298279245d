/// The name of a repository. A `RepositoryName` in hand is well formed, so it can be a folder without a second look.
///
/// Grammar (distribution-spec 1.1, "Pulling manifests"):
///
///     name      = component *( "/" component )             at most 255 bytes
///     component = alnum+ *( separator alnum+ )
///     separator = "." | "_" | "__" | "-"+
///     alnum     = "a"…"z" | "0"…"9"
public struct RepositoryName: Hashable, Sendable {
  public static let byteLimit = 255

  public let text: String

  public init(parsing text: some StringProtocol) throws(RegistryError) {
    guard text.utf8.count <= Self.byteLimit else {
      throw .nameInvalid(text, "a repository name has at most \(Self.byteLimit) bytes")
    }
    guard Self.isWellFormed(text.utf8) else {
      throw .nameInvalid(
        text, "use lowercase letters, digits and single . _ __ or - between them, in parts separated by /")
    }
    self.text = String(text)
  }

  private static func isWellFormed(_ bytes: some Collection<UInt8>) -> Bool {
    var separator: [UInt8] = []
    var atStart = true
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        guard separator.isEmpty || (!atStart && isSeparator(separator)) else { return false }
        separator.removeAll(keepingCapacity: true)
        atStart = false
      case UInt8(ascii: "/"):
        guard !atStart, separator.isEmpty else { return false }
        atStart = true
      case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
        separator.append(byte)
      default:
        return false
      }
    }
    return !atStart && separator.isEmpty
  }

  private static func isSeparator(_ bytes: [UInt8]) -> Bool {
    switch bytes {
    case [UInt8(ascii: ".")], [UInt8(ascii: "_")], [UInt8(ascii: "_"), UInt8(ascii: "_")]: true
    default: bytes.allSatisfy { $0 == UInt8(ascii: "-") }
    }
  }
}

extension RepositoryName: CustomStringConvertible, Comparable {
  public var description: String { text }

  public static func < (left: RepositoryName, right: RepositoryName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}
