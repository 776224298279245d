/// A strict reader of the text format, written from its page and not from our writer.
struct ExpositionText {
  private(set) var samples: [String: Double] = [:]

  struct Malformed: Error {
    let line: String
    let reason: String
  }

  init(parsing text: String) throws {
    guard text.isEmpty || text.hasSuffix("\n") else { throw Malformed(line: text, reason: "the last line has no end") }
    var (family, typed): (String?, Set<String>) = (nil, [])
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      if line.hasPrefix("# HELP ") {
        family = words[2]
      } else if line.hasPrefix("# TYPE ") {
        guard words[2] == family, typed.insert(words[2]).inserted, ["counter", "gauge", "histogram"].contains(words[3])
        else { throw Malformed(line: line, reason: "a type that fits no help, a second one, or an unknown one") }
      } else {
        guard let family, line.hasPrefix(family), let space = line.lastIndex(of: " "),
          let value = Double(line[line.index(after: space)...]), samples[String(line[..<space])] == nil
        else { throw Malformed(line: line, reason: "no sample of its family, no number, or twice") }
        samples[String(line[..<space])] = value
      }
    }
  }
}
