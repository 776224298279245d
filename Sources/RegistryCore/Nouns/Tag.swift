/// A movable name of a manifest: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` (distribution-spec 1.1, "Pulling manifests").
public struct Tag: Hashable, Sendable {
  public static let byteLimit = 128

  public let text: String

  public init(parsing text: some StringProtocol) throws(RegistryError) {
    var text = String(text)
    guard text.withUTF8(Self.isWellFormed) else {
      throw .tagInvalid(
        text, "a tag has 1 to \(Self.byteLimit) letters, digits, _ . or -, and does not start with . or -")
    }
    self.text = text
  }

  private static func isWellFormed(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = bytes.first, bytes.count <= byteLimit, isWord(first) else { return false }
    return bytes.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}

extension Tag: CustomStringConvertible, Comparable {
  public var description: String { text }

  public static func < (left: Tag, right: Tag) -> Bool {
    left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
  }
}

/// How a client names a manifest: by what it is called or by what it is.
public enum Reference: Hashable, Sendable, CustomStringConvertible {
  case tag(Tag)
  case digest(Digest)

  /// Whatever holds a colon was meant as a digest: no tag can hold one.
  public init(parsing text: some StringProtocol) throws(RegistryError) {
    if text.utf8.contains(UInt8(ascii: ":")) {
      self = .digest(try Digest(parsing: text))
    } else {
      self = .tag(try Tag(parsing: text))
    }
  }

  public var description: String {
    switch self {
    case .tag(let tag): tag.text
    case .digest(let digest): digest.description
    }
  }
}
