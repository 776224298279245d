import RegistryCore
import Testing

@Suite struct PublicPatternsTests {
  @Test(arguments: [
    ("**", "a"), ("**", "a/b/c"), ("team/app", "team/app"), ("team/*", "team/app"), ("team/**", "team/a/b"),
    ("team/**", "team"), ("**/app", "app"), ("**/app", "a/b/app"), ("a/**/z", "a/z"), ("a/**/z", "a/b/c/z"),
    ("a*", "a"), ("a*", "abc"), ("*-public", "x-public"), ("a*b*c", "aXbbXc".lowercased()), ("*/*", "a/b"),
    ("**/a/**/b/**", "x/a/y/a/b/z"), ("*b*", "abab"), ("**/**", "a"),
  ])
  func aPatternMatches(_ pattern: String, _ name: String) throws {
    try PublicPatterns.check(pattern)
    #expect(PublicPatterns([pattern]).matches(try RepositoryName(parsing: name)))
  }

  @Test(arguments: [
    ("team/app", "team/app2"), ("team/app", "team"), ("team/app", "team/app/x"), ("team/*", "team"),
    ("team/*", "team/a/b"), ("team/**", "teams/a"), ("*", "a/b"), ("**/app", "app/x"), ("a/**/z", "a/b"),
    ("a*b", "abc"), ("*-public", "x-private"), ("**/a/b/**", "a/x/b"), ("*/*", "a"),
  ])
  func aPatternDoesNotMatch(_ pattern: String, _ name: String) throws {
    try PublicPatterns.check(pattern)
    #expect(!PublicPatterns([pattern]).matches(try RepositoryName(parsing: name)))
  }

  @Test(arguments: [
    "", "/", "a/", "/a", "a//b", "***", "a**", "**a", "a/b**", "A", "a b", "../a", ".*", "-*", "*-", "a..b", "é", "a%",
    "a/\0", "!a", "[ab]", "?", String(repeating: "*", count: 256),
  ])
  func whatCouldMatchNoNameIsRefusedAndMatchesNone(_ pattern: String) throws {
    let error = #expect(throws: RegistryError.self) { try PublicPatterns.check(pattern) }
    #expect(error?.code == .nameInvalid)
    #expect(!PublicPatterns([pattern]).matches(try RepositoryName(parsing: "a")))
  }

  @Test func noPatternIsNoRepositoryAndAnyOfSeveralIsEnough() throws {
    let name = try RepositoryName(parsing: "b")
    #expect(!PublicPatterns([]).matches(name))
    #expect(PublicPatterns(["a", "b"]).matches(name))
  }

  /// Many stars against a name that nearly matches: no walk of every way to divide it.
  @Test func manyStarsTakeNoLongTime() throws {
    let name = try RepositoryName(parsing: String(repeating: "a", count: 255))
    #expect(!PublicPatterns([String(repeating: "a*", count: 120) + "b"]).matches(name))
    let deep = try RepositoryName(parsing: String(repeating: "a/", count: 127) + "a")
    #expect(!PublicPatterns([String(repeating: "**/a/", count: 50) + "b"]).matches(deep))
  }
}
