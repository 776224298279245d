import RegistryCore

/// An image as people write it: `REPOSITORY:TAG` or `REPOSITORY@DIGEST`. The registry's host may stand before it as docker
/// wants it, `localhost:5000/team/app:1`: one with a port, or `localhost`, so that it cannot be a part of the name.
struct ImageArgument: Hashable {
  /// As it was written.
  let host: String?
  let repository: RepositoryName
  let reference: Reference

  init(parsing text: String) throws(UsageError) {
    let advice = "write REPOSITORY:TAG or REPOSITORY@DIGEST, for example library/alpine:3.20"
    let (host, rest) = Self.split(text)
    self.host = host
    let (name, reference) = try Self.parts(rest, advice)
    do throws(RegistryError) {
      repository = try RepositoryName(parsing: name)
      self.reference = try Reference(parsing: reference)
    } catch {
      throw UsageError(error.message, advice: name.contains(":") ? "leave the registry's host out" : advice)
    }
  }

  /// For commands about a tag.
  func tag() throws(UsageError) -> Tag {
    guard case .tag(let tag) = reference else {
      throw UsageError("a digest is no tag", advice: "write REPOSITORY:TAG")
    }
    return tag
  }

  private static func split(_ text: String) -> (host: String?, rest: String) {
    guard let slash = text.firstIndex(of: "/") else { return (nil, text) }
    let first = text[..<slash]
    guard first == "localhost" || first.contains(":"), !first.contains("@") else { return (nil, text) }
    return (String(first), String(text[text.index(after: slash)...]))
  }

  private static func parts(_ text: String, _ advice: String) throws(UsageError) -> (Substring, Substring) {
    if let at = text.firstIndex(of: "@") { return (text[..<at], text[text.index(after: at)...]) }
    // A colon before the last slash belongs to a host.
    guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else {
      throw UsageError("'\(TerminalText.safe(text))' names no tag and no digest", advice: advice)
    }
    return (text[..<colon], text[text.index(after: colon)...])
  }
}
