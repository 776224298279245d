/// What the table of keys generates. `config/shoal.yaml` and `docs/CONFIGURATION.md` are these texts, and a test says so.
public enum ConfigurationPages {
  /// Every key with its text and its default. Sections are written out and keys are comments: taking `#` from the front
  /// of a key is all that it takes to set it.
  public static var exampleFile: String {
    var lines = wrapped(
      """
      Shoal's configuration: every key, with its default. None is needed. Take the # from the front of a line to change \
      it. Options win over environment variables, and those win over this file.
      """, indent: "")
    lines.append("# Check it with: shoal check-config FILE")
    var section: [Substring] = []
    for key in SettingKey.all {
      let names = key.name.split(separator: ".")
      lines.append("")
      let shared = zip(section, names.dropLast()).prefix { $0 == $1 }.count
      for depth in shared..<(names.count - 1) { lines.append("\(indent(depth))\(names[depth]):") }
      section = names.dropLast()
      lines += entry(key, indent: indent(names.count - 1))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func entry(_ key: SettingKey, indent: String) -> [String] {
    let facts = [key.allowed, key.environmentName] + (key.flag.map { ["--\($0)"] } ?? [])
    return wrapped(key.text, indent: indent) + ["\(indent)# (\(facts.joined(separator: "; ")))"]
      + ["\(indent)#\(key.lastName):\(yaml(key).map { " \($0)" } ?? "")"]
  }

  /// The default as it stands in a file; `nil`: there is none.
  static func yaml(_ key: SettingKey) -> String? {
    let values = key.show(Settings()).map { value in
      value.hasPrefix("[") || value.hasPrefix("*") ? "\"\(value)\"" : value
    }
    guard !values.isEmpty else { return nil }
    return key.shape == .list ? "[\(values.joined(separator: ", "))]" : values[0]
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private static let columns = 100

  /// As comment lines.
  private static func wrapped(_ text: String, indent: String) -> [String] {
    var lines = ["\(indent)#"]
    for word in text.split(separator: " ") {
      if lines[lines.count - 1].count + word.count >= columns { lines.append("\(indent)#") }
      lines[lines.count - 1] += " \(word)"
    }
    return lines
  }
}
