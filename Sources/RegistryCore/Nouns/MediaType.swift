/// A media type as pushed, without parameters: `type/subtype`, each of RFC 6838's restricted characters.
public struct MediaType: Hashable, Sendable, CustomStringConvertible {
  public static let ociManifest = MediaType(known: "application/vnd.oci.image.manifest.v1+json")
  public static let ociIndex = MediaType(known: "application/vnd.oci.image.index.v1+json")
  public static let dockerManifest = MediaType(known: "application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerList = MediaType(known: "application/vnd.docker.distribution.manifest.list.v2+json")

  public let text: String

  public var description: String { text }

  /// `nil` when the text is no media type. Parameters (`; charset=utf-8`) are dropped.
  public init?(parsing text: some StringProtocol) {
    let bare = text.prefix { $0 != ";" }.trimmingSpaces()
    let parts = bare.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ 1...127 ~= $0.utf8.count && $0.utf8.allSatisfy(Self.isRestricted) })
    else { return nil }
    self.text = String(bare)
  }

  private init(known text: String) { self.text = text }

  /// Layers that the registry need not hold: their descriptors name `urls` elsewhere (image-spec, layer.md).
  public var isNonDistributable: Bool {
    text.contains(".nondistributable.") || text.contains(".foreign.")
  }

  private static func isRestricted(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$&-^_.+".utf8.contains(byte)
    }
  }
}

extension StringProtocol {
  func trimmingSpaces() -> SubSequence {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return self[endIndex..<endIndex]
    }
    return self[first...last]
  }
}
