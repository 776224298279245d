/// Header fields in their order. Names compare without case.
public struct Fields: Sendable, Sequence {
  public typealias Element = (name: String, value: String)

  private var entries: [Element] = []

  public init() {}

  public init(_ entries: [Element]) { self.entries = entries }

  public var count: Int { entries.count }

  /// The first value under the name.
  public subscript(name: String) -> String? {
    entries.first { Self.matches($0.name, name) }?.value
  }

  public func all(_ name: String) -> [String] {
    entries.filter { Self.matches($0.name, name) }.map(\.value)
  }

  public mutating func append(_ name: String, _ value: String) {
    entries.append((name, value))
  }

  /// Takes the place of whatever stood under the name.
  public mutating func set(_ name: String, _ value: String) {
    entries.removeAll { Self.matches($0.name, name) }
    entries.append((name, value))
  }

  public func makeIterator() -> some IteratorProtocol<Element> { entries.makeIterator() }

  private static func matches(_ left: String, _ right: String) -> Bool {
    let (a, b) = (left.utf8, right.utf8)
    return a.count == b.count && zip(a, b).allSatisfy { $0 == $1 || lowercase($0) == lowercase($1) }
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
  }
}
