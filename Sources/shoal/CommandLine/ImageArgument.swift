import RegistryCore

/// An image as people write it: `REPOSITORY:TAG` or `REPOSITORY@DIGEST`, without the registry's host.
struct ImageArgument: Hashable {
  let repository: RepositoryName
  let reference: Reference

  init(parsing text: String) throws(UsageError) {
    let advice = "write REPOSITORY:TAG or REPOSITORY@DIGEST, for example library/alpine:3.20"
    let (name, reference) = try Self.parts(text, advice)
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

  private static func parts(_ text: String, _ advice: String) throws(UsageError) -> (Substring, Substring) {
    if let at = text.firstIndex(of: "@") { return (text[..<at], text[text.index(after: at)...]) }
    // A colon before the last slash belongs to a host.
    guard let colon = text.lastIndex(of: ":"), !text[colon...].contains("/") else {
      throw UsageError("'\(TerminalText.safe(text))' names no tag and no digest", advice: advice)
    }
    return (text[..<colon], text[text.index(after: colon)...])
  }
}
