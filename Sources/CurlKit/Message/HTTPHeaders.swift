/// Header fields in their order. Names compare without case.
///
/// All of them lie in one array of bytes, `name: value` and a zero each: a head that arrives costs no string before somebody
/// asks for one, and libcurl reads the lines of a request where they lie.
public struct HTTPHeaders: Sendable {
  private struct Field: Sendable {
    let start: Int
    let nameEnd: Int
    /// Of the value, which begins two bytes behind the name's end.
    let end: Int

    var value: Range<Int> { nameEnd + 2..<end }
  }

  private(set) var bytes: [UInt8] = []
  private var fields: [Field] = []
  /// The first name or value that may not be sent.
  private(set) var refusedName: String?

  public init() {}

  public var count: Int { fields.count }

  /// A name that is no token, or a value that would start a line of its own, makes the client refuse the request.
  public mutating func append(_ name: String, _ value: String) {
    let isToken = !name.isEmpty && name.utf8.allSatisfy(Self.isToken)
    if refusedName == nil, !isToken || !value.utf8.allSatisfy(Self.isFieldText) {
      refusedName = isToken ? name : "a name that is no token"
    }
    append(name: name.utf8, value: value.utf8)
  }

  /// The first value under the name.
  public subscript(name: String) -> String? {
    fields.first { matches($0, name) }.map { text($0.value) }
  }

  public func all(_ name: String) -> [String] {
    fields.filter { matches($0, name) }.map { text($0.value) }
  }

  public func has(_ name: String) -> Bool { fields.contains { matches($0, name) } }

  /// Every field as strings.
  public var entries: [(name: String, value: String)] {
    fields.map { (text($0.start..<$0.nameEnd), text($0.value)) }
  }

  mutating func append(name: some Collection<UInt8>, value: some Collection<UInt8>) {
    let start = bytes.count
    bytes.append(contentsOf: name)
    let nameEnd = bytes.count
    bytes.append(contentsOf: [UInt8(ascii: ":"), UInt8(ascii: " ")])
    bytes.append(contentsOf: value)
    fields.append(Field(start: start, nameEnd: nameEnd, end: bytes.count))
    bytes.append(0)
  }

  /// Each field as a line that ends with a zero, good for the call. An empty value is spelled as libcurl wants it: a name
  /// with a colon alone would take the field away.
  func forEachLine(_ body: (UnsafePointer<CChar>) -> Void) {
    bytes.withUnsafeBytes { bytes in
      for field in fields {
        if field.value.isEmpty {
          (text(field.start..<field.nameEnd) + ";").withCString(body)
        } else if let start = bytes.baseAddress {
          body((start + field.start).assumingMemoryBound(to: CChar.self))
        }
      }
    }
  }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private func matches(_ field: Field, _ name: String) -> Bool {
    guard field.nameEnd - field.start == name.utf8.count else { return false }
    return zip(bytes[field.start..<field.nameEnd], name.utf8).allSatisfy { Self.lowercase($0) == Self.lowercase($1) }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 { byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte }

  /// RFC 9110 §5.6.2.
  static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  /// RFC 9110 §5.5: no control but the tab.
  private static func isFieldText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == 0x09 }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral entries: (String, String)...) {
    for (name, value) in entries { append(name, value) }
  }
}
