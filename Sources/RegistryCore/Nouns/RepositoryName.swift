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
    var text = String(text)
    guard text.withUTF8(Self.isWellFormed) else {
      throw .nameInvalid(
        text, "use lowercase letters, digits and single . _ __ or - between them, in parts separated by /")
    }
    self.text = text
  }

  /// One pass, no memory: asked for every request.
  private static func isWellFormed(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var atStart = true
    var separator = Separator.none
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
        guard separator != .bad, !(atStart && separator != .none) else { return false }
        separator = .none
        atStart = false
      case UInt8(ascii: "/"):
        guard !atStart, separator == .none else { return false }
        atStart = true
      default:
        separator = separator.followed(by: byte)
      }
    }
    return !atStart && separator == .none
  }

  /// What stands between two letters so far.
  private enum Separator {
    case none, dot, underscore, twoUnderscores, dashes, bad

    func followed(by byte: UInt8) -> Separator {
      switch (self, byte) {
      case (.none, UInt8(ascii: ".")): .dot
      case (.none, UInt8(ascii: "_")): .underscore
      case (.underscore, UInt8(ascii: "_")): .twoUnderscores
      case (.none, UInt8(ascii: "-")), (.dashes, UInt8(ascii: "-")): .dashes
      default: .bad
      }
    }
  }
}

extension RepositoryName: CustomStringConvertible, Comparable {
  public var description: String { text }

  public static func < (left: RepositoryName, right: RepositoryName) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}
