/// Which repositories strangers may seed and fetch by BitTorrent: the patterns of `torrent.public`.
///
/// A pattern is a repository name in which `*` stands for any text within one component and `**`, as a component, for any
/// number of components, none too (`team/**` is `team` and all below it). `**` alone is every repository; no pattern is
/// none.
public struct PublicPatterns: Hashable, Sendable {
  public let patterns: [String]
  /// Divided once: a pull asks whether its repository is public.
  private let divided: [[Component]]

  /// A pattern that `check` refuses names no repository: what is in doubt stays private.
  public init(_ patterns: [String]) {
    self.patterns = patterns
    divided = patterns.compactMap(Self.divide)
  }

  public var isEmpty: Bool { patterns.isEmpty }

  public func matches(_ repository: RepositoryName) -> Bool {
    guard !divided.isEmpty else { return false }
    let name = Self.components(of: repository.text)
    return divided.contains { Self.isMatch(name, of: $0) }
  }

  /// Refuses a text that could be no repository's pattern.
  public static func check(_ pattern: String) throws(RegistryError) {
    guard divide(pattern) != nil else {
      throw RegistryError(
        .nameInvalid,
        "'\(pattern)' is no pattern of repositories: write a name, with * for any text in one part of it or ** for any "
          + "parts, for example team/* or **")
    }
  }

  private typealias Component = [UInt8]

  private static let star = UInt8(ascii: "*")
  private static let anyComponents = Array("**".utf8)

  private static func divide(_ pattern: String) -> [Component]? {
    guard pattern.utf8.count <= RepositoryName.byteLimit else { return nil }
    let components = components(of: pattern)
    return components.allSatisfy(isPossible) ? components : nil
  }

  private static func components(of text: String) -> [Component] {
    text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map(Array.init)
  }

  /// A component with a letter for each star is a name exactly if some text for the stars makes it one: no rule of names
  /// speaks against a letter.
  private static func isPossible(_ component: Component) -> Bool {
    if component == anyComponents { return true }
    guard !zip(component, component.dropFirst()).contains(where: { $0 == star && $1 == star }) else { return false }
    let sample = component.map { $0 == star ? UInt8(ascii: "a") : $0 }
    return (try? RepositoryName(parsing: String(decoding: sample, as: UTF8.self))) != nil
  }

  /// The same walk as within one component, a floor higher: components for characters, `**` for `*`.
  private static func isMatch(_ name: [Component], of pattern: [Component]) -> Bool {
    isWildcardMatch(
      name, of: pattern, isStar: { $0 == anyComponents },
      isEqual: { part, wanted in isWildcardMatch(part, of: wanted, isStar: { $0 == star }, isEqual: ==) })
  }

  /// After a mismatch the last star takes one element more: no recursion, and at most `elements × pattern` steps, since
  /// an earlier star need never take more once a later one has been reached.
  private static func isWildcardMatch<Element>(
    _ elements: [Element], of pattern: [Element], isStar: (Element) -> Bool, isEqual: (Element, Element) -> Bool
  ) -> Bool {
    var at = 0
    var step = 0
    var retry: (at: Int, step: Int)?
    while at < elements.count {
      if step < pattern.count, isStar(pattern[step]) {
        retry = (at, step)
        step += 1
      } else if step < pattern.count, isEqual(elements[at], pattern[step]) {
        at += 1
        step += 1
      } else if let last = retry {
        retry = (last.at + 1, last.step)
        at = last.at + 1
        step = last.step + 1
      } else {
        return false
      }
    }
    return pattern[step...].allSatisfy(isStar)
  }
}
