/// The text of a file by lines, to say more about a mistake than the parser does.
struct YAMLLines {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Text that is not UTF-8. The parser would say so in words of its own and without a line.
  var encodingProblem: YAMLReader.Problem? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var valid = 0
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { valid += UTF8.width(scalar) }
    let before = bytes[..<valid]
    let line = before.count { $0 == UInt8(ascii: "\n") } + 1
    let column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    return YAMLReader.Problem(
      mark: Place.Mark(line: line, column: column), reason: "this is not UTF-8", advice: "save the file as UTF-8")
  }

  /// What most likely went wrong in this line.
  func advice(at mark: Place.Mark) -> String? {
    let line = line(mark.line)
    if line.prefix(while: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }).contains(UInt8(ascii: "\t")) {
      return "the line starts with a tab: indent with spaces"
    }
    return adviceAboutQuotes(at: mark)
      ?? adviceAboutQuotes(at: Place.Mark(line: mark.line - 1, column: mark.column))
  }

  /// `*:5000` and `[::]:5000` mean something else in YAML unless they stand in quotes.
  func adviceAboutQuotes(at mark: Place.Mark) -> String? {
    let text = String(decoding: line(mark.line), as: UTF8.self)
    for start in ["*:", "["] {
      guard let from = text.range(of: start), text[from.lowerBound...].contains(":"), !text.contains("\"") else {
        continue
      }
      return "put an address that starts with * or [ in quotes, for example \"\(start == "[" ? "[::1]" : "*"):5000\""
    }
    return nil
  }

  private func line(_ number: Int) -> ArraySlice<UInt8> {
    var rest = bytes[...]
    for _ in 1..<max(number, 1) {
      guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return [] }
      rest = rest[(end + 1)...]
    }
    return rest.prefix { $0 != UInt8(ascii: "\n") }
  }
}

extension String {
  fileprivate func range(of text: String) -> Range<Index>? { ranges(of: text).first }
}
