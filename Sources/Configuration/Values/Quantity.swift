/// A whole number with a unit behind it.
struct Quantity: Sendable {
  /// Rising; the factor says how many of the smallest thing a unit is.
  let units: [(name: String, factor: UInt64)]
  /// Whether a number may stand alone, and then means the smallest unit.
  let allowsBareNumber: Bool
  let advice: String

  static let bytes = Quantity(
    units: [("", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)], allowsBareNumber: true,
    advice: "write bytes, or a number with KiB, MiB, GiB or TiB, for example 4MiB")

  static let time = Quantity(
    units: [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)], allowsBareNumber: false,
    advice: "write a number with ms, s, m or h, for example 30s")

  func parse(_ text: String) throws(ValueProblem) -> UInt64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let name = text.dropFirst(digits.count).drop { $0 == " " }
    guard let number = UInt64(digits) else {
      throw ValueProblem("'\(Shown(text))' is no \(allowsBareNumber ? "size" : "duration")", advice: advice)
    }
    if number == 0, name.isEmpty { return 0 }
    guard let unit = units.first(where: { $0.name == name }) else {
      let reason = name.isEmpty ? "'\(Shown(text))' has no unit" : "'\(Shown(String(name)))' is no unit"
      throw ValueProblem(reason, advice: advice)
    }
    let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit.factor)
    guard !isTooLarge else { throw ValueProblem("\(Shown(text)) is out of range", advice: advice) }
    return product
  }

  /// In the largest unit that says it without a fraction.
  func text(_ amount: UInt64) -> String {
    guard amount > 0 else { return "0" }
    let unit = units.last { amount.isMultiple(of: $0.factor) } ?? units[0]
    return "\(amount / unit.factor)\(unit.name)"
  }
}
