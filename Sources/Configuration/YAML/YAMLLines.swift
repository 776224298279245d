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
    return YAMLReader.Problem(
      mark: mark(ofByte: valid), reason: "this is not UTF-8", advice: "save the file as UTF-8")
  }

  func mark(ofByte offset: Int) -> Place.Mark {
    let before = bytes.prefix(offset)
    let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let column = String(decoding: before[lineStart...], as: UTF8.self).unicodeScalars.count + 1
    return Place.Mark(line: before.count { $0 == UInt8(ascii: "\n") } + 1, column: column)
  }

  /// What most likely went wrong where the parser gave up.
  func advice(about reason: String, at mark: Place.Mark) -> String? {
    let line = line(mark.line)
    if line.prefix(while: { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }).contains(UInt8(ascii: "\t")) {
      return "the line starts with a tab: indent with spaces"
    }
    if let advice = adviceAboutQuotes(at: mark) { return advice }
    if reason.contains("end of stream") { return "a quote or a bracket was opened before and not closed" }
    if reason.contains("mapping values") || reason.contains("expected key") {
      return "keys of one section start in the same column, below the section and further to the right"
    }
    return nil
  }

  /// `*:5000` and `[::]:5000` mean something else in YAML unless they stand in quotes.
  func adviceAboutQuotes(at mark: Place.Mark) -> String? {
    let text = String(decoding: line(mark.line), as: UTF8.self)
    guard !text.contains("\"") else { return nil }
    let star = text.contains("*:")
    guard star || text.contains("]:") else { return nil }
    return "put an address that starts with * or [ in quotes, for example \"\(star ? "*" : "[::1]"):5000\""
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
