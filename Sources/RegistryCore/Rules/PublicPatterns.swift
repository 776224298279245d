/// Which repositories strangers may seed and fetch by BitTorrent: the patterns of `torrent.public`.
///
/// A pattern is a repository name in which `*` stands for any text within one component and `**`, as a component, for any
/// number of components. `**` alone is every repository; no pattern is none.
public struct PublicPatterns: Hashable, Sendable {
  public let patterns: [String]

  public init(_ patterns: [String]) { self.patterns = patterns }

  public var isEmpty: Bool { patterns.isEmpty }
}
