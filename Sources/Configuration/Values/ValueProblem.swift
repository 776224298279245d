/// Why a text is not the value that it should be, and what would be.
struct ValueProblem: Error, Hashable {
  let reason: String
  let advice: String

  init(_ reason: String, advice: String) { (self.reason, self.advice) = (reason, advice) }
}

/// What somebody wrote, cut to a length that a line bears and without characters that a terminal obeys.
struct Shown: CustomStringConvertible {
  private static let characterLimit = 80

  let description: String

  init(_ text: String) {
    let scalars = text.unicodeScalars
    let shown = scalars.prefix(Self.characterLimit).map { scalar in
      [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        ? "\u{FFFD}" : String(scalar)
    }
    description = shown.joined() + (scalars.count > Self.characterLimit ? "…" : "")
  }
}
