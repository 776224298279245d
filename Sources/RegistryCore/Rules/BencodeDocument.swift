/// A bencoded value (BEP 3) that was checked whole and is read in place: the bytes, and a tape of what stands where in
/// them.
///
/// Strict: one spelling for each value, so that two readers cannot understand two things. Numbers have no leading zero
/// and no `-0`; a dictionary's keys ascend and none comes twice; nothing stands behind the value.
package struct BencodeDocument: Sendable {
  package struct Limits {
    package let bytes: Int
    /// Lists and dictionaries within each other.
    package let depth: Int
    /// Numbers, strings (keys too), lists and dictionaries together.
    package let values: Int

    package init(bytes: Int, depth: Int, values: Int) {
      (self.bytes, self.depth, self.values) = (bytes, depth, values)
    }
  }

  package struct Malformed: Error, Hashable {
    package let what: String
    package let offset: Int
  }

  package enum Kind {
    case integer, bytes, list, dictionary
  }

  package struct Mark {
    package let kind: Kind
    /// The value as it stands, from its first byte to behind its last.
    package var whole: Range<Int>
    /// Of a number its digits, of a string its bytes, of the others what stands between the brackets.
    package var content: Range<Int>
    /// The mark behind the value and all within it.
    package var next: Int
  }

  package let bytes: [UInt8]
  package let marks: [Mark]

  package init(_ bytes: [UInt8], within limits: Limits) throws(Malformed) {
    var tape = BencodeTape(bytes, limits)
    try tape.readAll()
    self.bytes = bytes
    marks = tape.marks
  }

  package var root: BencodeView { BencodeView(self, at: 0) }
}

/// Reads without recursion: the depth of a hostile document is a count and not our stack.
private struct BencodeTape {
  typealias Malformed = BencodeDocument.Malformed

  private let bytes: [UInt8]
  private let limits: BencodeDocument.Limits
  private var cursor = 0
  private var open: [Open] = []
  private(set) var marks: [BencodeDocument.Mark] = []

  /// A list or dictionary whose end has not come.
  private struct Open {
    let mark: Int
    let isDictionary: Bool
    var lastKey: Range<Int>?
    var isAtKey: Bool
  }

  init(_ bytes: [UInt8], _ limits: BencodeDocument.Limits) {
    self.bytes = bytes
    self.limits = limits
  }

  mutating func readAll() throws(Malformed) {
    guard bytes.count <= limits.bytes else { throw refusal("there are more than \(limits.bytes) bytes") }
    repeat { try readNext() } while !open.isEmpty
    guard cursor == bytes.count else { throw refusal("something stands behind the end") }
  }

  private mutating func readNext() throws(Malformed) {
    let byte = try peek()
    if byte == UInt8(ascii: "e"), let inner = open.popLast() { return try close(inner) }
    if let inner = open.last, inner.isAtKey { return try readKey(of: inner) }
    switch byte {
    case UInt8(ascii: "i"): try readInteger()
    case UInt8(ascii: "0")...UInt8(ascii: "9"): try readString()
    case UInt8(ascii: "l"): try begin(.list)
    case UInt8(ascii: "d"): try begin(.dictionary)
    default: throw refusal("no value begins with this byte")
    }
    if byte != UInt8(ascii: "l"), byte != UInt8(ascii: "d") { valueEnded() }
  }

  private mutating func begin(_ kind: BencodeDocument.Kind) throws(Malformed) {
    guard open.count < limits.depth else { throw refusal("it is nested deeper than \(limits.depth)") }
    let mark = marks.count
    try append(kind, whole: cursor..<cursor + 1, content: cursor + 1..<cursor + 1)
    open.append(Open(mark: mark, isDictionary: kind == .dictionary, isAtKey: kind == .dictionary))
    cursor += 1
  }

  private mutating func close(_ inner: Open) throws(Malformed) {
    guard !inner.isDictionary || inner.isAtKey else { throw refusal("a key has no value") }
    let start = marks[inner.mark].whole.lowerBound
    marks[inner.mark].content = start + 1..<cursor
    cursor += 1
    marks[inner.mark].whole = start..<cursor
    marks[inner.mark].next = marks.count
    valueEnded()
  }

  /// In a dictionary, a key comes behind a value.
  private mutating func valueEnded() {
    guard let last = open.indices.last else { return }
    open[last].isAtKey = open[last].isDictionary
  }

  private mutating func readKey(of dictionary: Open) throws(Malformed) {
    let start = cursor
    guard isDigit(try peek()) else { throw refusal("a key is a string") }
    try readString()
    let key = marks[marks.count - 1].content
    if let last = dictionary.lastKey, !bytes[last].lexicographicallyPrecedes(bytes[key]) {
      throw Malformed(what: "the keys are not in order, or one comes twice", offset: start)
    }
    open[open.count - 1].lastKey = key
    open[open.count - 1].isAtKey = false
  }

  private mutating func readInteger() throws(Malformed) {
    let start = cursor
    cursor += 1
    if try peek() == UInt8(ascii: "-") { cursor += 1 }
    let digits = try readDigits()
    let content = start + 1..<cursor
    let text = String(decoding: bytes[content], as: UTF8.self)
    guard Int64(text) != nil, text != "-0" else {
      throw Malformed(what: "\(digits.count > 19 ? "a number" : text) is no number of 64 bits", offset: start)
    }
    guard try peek() == UInt8(ascii: "e") else { throw refusal("a number ends with e") }
    cursor += 1
    try append(.integer, whole: start..<cursor, content: content)
  }

  private mutating func readString() throws(Malformed) {
    let start = cursor
    let digits = try readDigits()
    guard try peek() == UInt8(ascii: ":") else { throw refusal("a string's length ends with a colon") }
    cursor += 1
    guard let length = Int(String(decoding: bytes[digits], as: UTF8.self)), length <= bytes.count - cursor else {
      throw Malformed(what: "a string is longer than what is there", offset: start)
    }
    let content = cursor..<cursor + length
    cursor += length
    try append(.bytes, whole: start..<cursor, content: content)
  }

  /// One or more, without a zero before another.
  private mutating func readDigits() throws(Malformed) -> Range<Int> {
    let start = cursor
    while isDigit(try peek()) { cursor += 1 }
    guard cursor > start else { throw refusal("digits are missing") }
    guard bytes[start] != UInt8(ascii: "0") || cursor == start + 1 else {
      throw Malformed(what: "a number has leading zeros", offset: start)
    }
    return start..<cursor
  }

  private mutating func append(
    _ kind: BencodeDocument.Kind, whole: Range<Int>, content: Range<Int>
  ) throws(Malformed) {
    guard marks.count < limits.values else { throw refusal("there are more than \(limits.values) values") }
    marks.append(BencodeDocument.Mark(kind: kind, whole: whole, content: content, next: marks.count + 1))
  }

  private func peek() throws(Malformed) -> UInt8 {
    guard cursor < bytes.count else { throw refusal("it breaks off") }
    return bytes[cursor]
  }

  private func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

  private func refusal(_ what: String) -> Malformed { Malformed(what: what, offset: cursor) }
}
