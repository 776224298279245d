/// Which repositories strangers may seed and fetch by BitTorrent: the patterns of `torrent.public`.
///
/// A pattern is a repository name in which `*` stands for any text within one component and `**`, as a component, for any
/// number of components, none too (`team/**` is `team` and all below it). `**` alone is every repository; no pattern is
/// none.
public struct PublicPatterns: Hashable, Sendable {
  public let patterns: [String]

  public init(_ patterns: [String]) { self.patterns = patterns }

  public var isEmpty: Bool { patterns.isEmpty }

  /// Whether a pattern names the repository. A pattern that `check` refuses names none: what is in doubt stays private.
  public func matches(_ repository: RepositoryName) -> Bool {
    let name = repository.text.utf8.split(separator: UInt8(ascii: "/"))
    return patterns.contains { pattern in
      (try? Self.check(pattern)) != nil && Self.isMatch(name, of: Self.components(of: pattern))
    }
  }

  /// Refuses a text that could be no repository's pattern.
  public static func check(_ pattern: String) throws(RegistryError) {
    let isPossible =
      pattern.utf8.count <= RepositoryName.byteLimit
      && components(of: pattern).allSatisfy { component in
        component.elementsEqual(anyComponents) || isName(component)
      }
    guard isPossible else {
      throw RegistryError(
        .nameInvalid,
        "'\(pattern)' is no pattern of repositories: write a name, with * for any text in one part of it or ** for any "
          + "parts, for example team/* or **")
    }
  }

  private typealias Component = Substring.UTF8View

  private static let star = UInt8(ascii: "*")
  private static let anyComponents = Array("**".utf8)

  private static func components(of pattern: String) -> [Component] {
    pattern.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
  }

  /// A component with a letter for each star is a name exactly if some text for the stars makes it one: no rule of names
  /// speaks against a letter.
  private static func isName(_ component: Component) -> Bool {
    guard !zip(component, component.dropFirst()).contains(where: { $0 == star && $1 == star }) else { return false }
    let sample = component.map { $0 == star ? UInt8(ascii: "a") : $0 }
    return (try? RepositoryName(parsing: String(decoding: sample, as: UTF8.self))) != nil
  }

  /// The same walk as within one component, a floor higher: components for characters, `**` for `*`.
  private static func isMatch(_ name: [Component], of pattern: [Component]) -> Bool {
    isWildcardMatch(
      name, of: pattern, isStar: { $0.elementsEqual(anyComponents) },
      isEqual: { part, component in
        isWildcardMatch(Array(part), of: Array(component), isStar: { $0 == star }, isEqual: ==)
      })
  }

  /// After a mismatch the last star takes one element more: no recursion, and at most `elements × pattern` steps, since
  /// an earlier star need never take more once a later one has been reached.
  private static func isWildcardMatch<Element, Pattern>(
    _ elements: [Element], of pattern: [Pattern], isStar: (Pattern) -> Bool, isEqual: (Element, Pattern) -> Bool
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
