/// What a `Range` field asks of a representation of a known size (RFC 9110 §14).
public enum ByteRange: Hashable, Sendable {
  /// No range that is understood here: the whole, with 200. A list of ranges is one of these, as the RFC allows.
  case whole
  /// These bytes, at least one, with 206.
  case part(Range<Int64>)
  /// 416.
  case unsatisfiable

  /// - Parameter field: the value of `Range`, `nil` when there is none.
  public init(_ field: String?, size: Int64) {
    self = field.flatMap { Self.parse(Array($0.utf8), size) } ?? .whole
  }

  private static func parse(_ field: [UInt8], _ size: Int64) -> ByteRange? {
    let unit = Array("bytes=".utf8)
    guard field.count > unit.count, zip(field, unit).allSatisfy({ Octet.lowercase($0) == $1 }) else { return nil }
    let specification = trimmed(field[unit.count...])
    guard let dash = specification.firstIndex(of: UInt8(ascii: "-")) else { return nil }
    let (first, last) = (specification[..<dash], specification[specification.index(after: dash)...])
    if first.isEmpty { return number(last).map { suffix($0, size) } }
    guard let start = number(first) else { return nil }
    if last.isEmpty { return start < size ? .part(start..<size) : .unsatisfiable }
    guard let end = number(last), end >= start else { return nil }
    return start < size ? .part(start..<min(end, size - 1) + 1) : .unsatisfiable
  }

  private static func suffix(_ count: Int64, _ size: Int64) -> ByteRange {
    count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
  }

  /// Digits only; what is beyond Int64 is as good as the largest.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    guard !digits.isEmpty else { return nil }
    var value: Int64 = 0
    for digit in digits {
      guard Octet.isDigit(digit) else { return nil }
      let (tens, overflowed) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowedAgain) = tens.addingReportingOverflow(Int64(digit &- UInt8(ascii: "0")))
      value = overflowed || overflowedAgain ? .max : sum
    }
    return value
  }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let tail = bytes.drop { Octet.isBlank($0) }
    return tail.prefix(through: tail.lastIndex { !Octet.isBlank($0) } ?? tail.startIndex - 1)
  }
}
