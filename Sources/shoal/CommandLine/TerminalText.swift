/// Text from outside on its way to a terminal.
enum TerminalText {
  /// What a terminal obeys (control characters of both sets, line separators, marks that turn the direction of text) as
  /// `\u{…}`: it is seen and does nothing.
  static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isObeyed) else { return text }
    return text.unicodeScalars.map { scalar in
      isObeyed(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }.joined()
  }

  /// JSON as JSON: such characters stand in its strings only, where `\uXXXX` means the same. Line feeds are its own.
  static func safeJSON(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: { isObeyed($0) && $0 != "\n" }) else { return text }
    return text.unicodeScalars.map { scalar in
      isObeyed(scalar) && scalar != "\n"
        ? Array(String(scalar).utf16).map { "\\u" + hexDigits($0) }.joined() : String(scalar)
    }.joined()
  }

  private static func hexDigits(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }

  private static func isObeyed(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value < 0x20 || scalar.value >= 0x7F else { return false }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: return true
    default: return false
    }
  }
}
