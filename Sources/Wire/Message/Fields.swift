/// Header fields in their order. Names compare without case.
///
/// Those of a request are offsets into the bytes of its head: no string is made before somebody asks for it.
public struct Fields: Sendable, Sequence {
  public typealias Element = (name: String, value: String)

  private enum Storage: Sendable {
    case entries([Element])
    case head(HeadText)
  }

  private var storage: Storage

  public init() { storage = .entries([]) }

  public init(_ entries: [Element]) { storage = .entries(entries) }

  init(_ head: HeadText) { storage = .head(head) }

  public var count: Int {
    switch storage {
    case .entries(let entries): entries.count
    case .head(let head): head.fields.count
    }
  }

  /// The first value under the name.
  public subscript(name: String) -> String? {
    switch storage {
    case .entries(let entries): entries.first { Self.matches($0.name, name) }?.value
    case .head(let head): head.fields.first { head.matches($0.name, name) }.map { head.text($0.value) }
    }
  }

  public func all(_ name: String) -> [String] {
    switch storage {
    case .entries(let entries): entries.filter { Self.matches($0.name, name) }.map(\.value)
    case .head(let head): head.fields.filter { head.matches($0.name, name) }.map { head.text($0.value) }
    }
  }

  /// Whether a value under the name holds the text, which is given in lower case, whatever the case of its letters.
  /// Makes no string, so it can be asked of every request.
  public func mentions(_ text: StaticString, in name: String) -> Bool {
    text.withUTF8Buffer { text in
      switch storage {
      case .entries(let entries):
        entries.contains { Self.matches($0.name, name) && Octet.contains($0.value.utf8, text) }
      case .head(let head):
        head.fields.contains { field in
          head.matches(field.name, name) && Octet.contains(head.bytes[field.value.start..<field.value.end], text)
        }
      }
    }
  }

  public mutating func append(_ name: String, _ value: String) {
    var entries = takeEntries()
    entries.append((name, value))
    storage = .entries(entries)
  }

  /// Takes the place of whatever stood under the name.
  public mutating func set(_ name: String, _ value: String) {
    var entries = takeEntries()
    entries.removeAll { Self.matches($0.name, name) }
    entries.append((name, value))
    storage = .entries(entries)
  }

  public func makeIterator() -> IndexingIterator<[Element]> { entries.makeIterator() }

  /// As strings, all of them.
  var entries: [Element] {
    switch storage {
    case .entries(let entries): entries
    case .head(let head): head.fields.map { (head.text($0.name), head.text($0.value)) }
    }
  }

  /// Leaves nothing behind, so that what is appended to the result copies nothing.
  private mutating func takeEntries() -> [Element] {
    let taken = entries
    storage = .entries([])
    return taken
  }

  private static func matches(_ left: String, _ right: String) -> Bool {
    let (a, b) = (left.utf8, right.utf8)
    return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || Octet.lowercase($0) == Octet.lowercase($1) }
  }
}

/// The bytes of a head and where its fields stand.
final class HeadText: Sendable {
  let bytes: [UInt8]
  let fields: [FieldRange]

  init(bytes: [UInt8], fields: [FieldRange]) {
    self.bytes = bytes
    self.fields = fields
  }

  func text(_ range: TextRange) -> String {
    String(decoding: bytes[range.start..<range.end], as: UTF8.self)
  }

  func matches(_ range: TextRange, _ name: String) -> Bool {
    let name = name.utf8
    guard range.count == name.count else { return false }
    var index = range.start
    for byte in name {
      guard Octet.lowercase(bytes[index]) == Octet.lowercase(byte) else { return false }
      index += 1
    }
    return true
  }
}
