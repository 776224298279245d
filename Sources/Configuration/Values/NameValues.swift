extension ValueType<String> {
  /// What clients call the registry: a host, with the port where it is not the usual one.
  static var registryName: Self {
    ValueType(
      allowed: "HOST or HOST:PORT", placeholder: "HOST",
      parse: { text throws(ValueProblem) in
        guard isRegistryName(text) else {
          throw ValueProblem(
            "'\(Shown(text))' is no name of a registry",
            advice: "write a host, with the port where clients must write one: registry.example.org")
        }
        return text
      }, show: { $0 })
  }

  /// Lowercase, as names of images want it, and as DNS compares it.
  private static func isRegistryName(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard 1...2 ~= parts.count, text.utf8.count <= 253 else { return false }
    if parts.count == 2 {
      guard let port = UInt16(parts[1]), port > 0 else { return false }
    }
    return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      let bytes = Array(label.utf8)
      guard 1...63 ~= bytes.count, bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
        return false
      }
      return bytes.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
      }
    }
  }
}
