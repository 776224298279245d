/// How a value of one kind is read from text and shown as text. What it shows, it reads back.
struct ValueType<Value: Hashable & Sendable>: Sendable {
  /// What is allowed, in a few words, for messages and the page.
  let allowed: String
  /// What stands for a value in a line of help.
  let placeholder: String
  let parse: @Sendable (String) throws(ValueProblem) -> Value
  /// `nil`: there is nothing to show.
  let show: @Sendable (Value) -> String?
}

extension ValueType<String> {
  static var path: Self {
    ValueType(
      allowed: "a path", placeholder: "PATH", parse: { text throws(ValueProblem) in try checkedPath(text) },
      show: { $0 })
  }
}

extension ValueType<String?> {
  static var optionalPath: Self {
    ValueType(
      allowed: "a path", placeholder: "PATH", parse: { text throws(ValueProblem) in try checkedPath(text) },
      show: { $0 })
  }
}

private func checkedPath(_ text: String) throws(ValueProblem) -> String {
  guard !text.isEmpty, !text.utf8.contains(0) else {
    throw ValueProblem("a path must not be empty", advice: "write one, or take the key out")
  }
  return text
}

extension ValueType<Bool> {
  static var flag: Self {
    ValueType(
      allowed: "true or false", placeholder: "true|false",
      parse: { text throws(ValueProblem) in
        switch text {
        case "true": return true
        case "false": return false
        default: throw ValueProblem("'\(Shown(text))' is neither true nor false", advice: "write true or false")
        }
      }, show: { $0 ? "true" : "false" })
  }
}

extension ValueType<ListenAddress> {
  static var address: Self {
    ValueType(
      allowed: "HOST:PORT", placeholder: "HOST:PORT",
      parse: { text throws(ValueProblem) in try ListenAddress(parsing: text) },
      show: { $0.description })
  }
}

extension ValueType where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  static var choice: Self {
    let names = Value.allCases.map(\.rawValue)
    return ValueType(
      allowed: alternatives(names), placeholder: names.joined(separator: "|"),
      parse: { text throws(ValueProblem) in
        guard let value = Value(rawValue: text) else {
          throw ValueProblem("'\(Shown(text))' is not among the choices", advice: "write \(alternatives(names))")
        }
        return value
      }, show: { $0.rawValue })
  }
}

/// `a, b or c`
private func alternatives(_ names: [String]) -> String {
  names.count < 2 ? names.joined() : "\(names.dropLast().joined(separator: ", ")) or \(names[names.count - 1])"
}

extension ValueType where Value: FixedWidthInteger {
  static func count(_ range: ClosedRange<Value>) -> Self {
    let allowed = "\(range.lowerBound) to \(range.upperBound)"
    return ValueType(
      allowed: allowed, placeholder: "NUMBER",
      parse: { text throws(ValueProblem) in
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard isNumber else {
          throw ValueProblem("'\(Shown(text))' is no whole number", advice: "write a number from \(allowed)")
        }
        guard let number = Value(text), range.contains(number) else {
          throw ValueProblem("\(Shown(text)) is out of range", advice: "write a number from \(allowed)")
        }
        return number
      }, show: { "\($0)" })
  }

  static func size(_ range: ClosedRange<Value>, a unit: String = "") -> Self {
    let (least, most) = (Quantity.bytes.text(UInt64(range.lowerBound)), Quantity.bytes.text(UInt64(range.upperBound)))
    let allowed = "\(least) to \(most)\(unit)"
    return ValueType(
      allowed: allowed, placeholder: "SIZE",
      parse: { text throws(ValueProblem) in
        guard let bytes = Value(exactly: try Quantity.bytes.parse(text)), range.contains(bytes) else {
          throw ValueProblem("\(Shown(text)) is out of range", advice: "write a size from \(allowed)")
        }
        return bytes
      }, show: { Quantity.bytes.text(UInt64($0)) })
  }
}

extension ValueType<Duration> {
  static func duration(_ range: ClosedRange<Duration>) -> Self {
    let show = { @Sendable (duration: Duration) in Quantity.time.text(duration.wholeMilliseconds) }
    let allowed = "\(show(range.lowerBound)) to \(show(range.upperBound))"
    return ValueType(
      allowed: allowed, placeholder: "DURATION",
      parse: { text throws(ValueProblem) in
        let milliseconds = try Quantity.time.parse(text)
        guard let whole = Int64(exactly: milliseconds), range.contains(.milliseconds(whole)) else {
          throw ValueProblem("\(Shown(text)) is out of range", advice: "write a duration from \(allowed)")
        }
        return .milliseconds(whole)
      }, show: { show($0) })
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: UInt64 {
    UInt64(components.seconds) * 1000 + UInt64(components.attoseconds / 1_000_000_000_000_000)
  }
}
