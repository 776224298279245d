/// Help, made from the table of commands.
enum HelpText {
  private static let columns = 88

  static var overview: String {
    let listed = CommandTable.commands.filter { !$0.isHidden }
    var lines = ["Shoal, a container registry with no middle.", "", "Usage: shoal COMMAND [OPTIONS] [ARGUMENTS]", ""]
    lines += section("Commands", listed.map { ($0.name, $0.summary) })
    lines += section("Exit codes", ExitCode.allCases.map { ("\($0.rawValue)", $0.meaning) })
    lines += wrapped(
      """
      Commands about images, tags and blobs ask the node that runs on the data folder, or open the folder themselves \
      when none runs. shoal COMMAND --help explains one.
      """, indent: 0)
    return text(lines)
  }

  static func of(group: String, _ summary: String) -> String {
    let commands = CommandTable.commands.filter { $0.name.hasPrefix("\(group) ") && !$0.isHidden }
    let lines = ["Usage: shoal \(group) COMMAND [OPTIONS] [ARGUMENTS]", "", "\(sentence(summary))", ""]
    return text(lines + section("Commands", commands.map { ($0.name, $0.summary) }))
  }

  static func of(_ command: Command) -> String {
    var lines = ["Usage: \(command.usage)", "", sentence(command.summary), ""]
    if !command.details.isEmpty { lines += wrapped(command.details, indent: 0) + [""] }
    if let positional = command.positional { lines += section("Arguments", [(positional.name, positional.text)]) }
    let options = command.options.map { option in
      (["--\(option.name)", option.placeholder].compactMap(\.self).joined(separator: " "), text(of: option))
    }
    lines += section("Options", options + [("-h, --help", "Show this text.")])
    if !command.examples.isEmpty {
      lines.append("Examples:")
      for example in command.examples { lines += ["  \(example.line)", "      \(example.text)"] }
    }
    return text(lines)
  }

  private static func text(of option: Command.Option) -> String {
    option.isRepeatable ? "\(option.text) May be given several times." : option.text
  }

  /// Names in one column, what they mean in the other, or below when a name is too long.
  private static func section(_ title: String, _ rows: [(name: String, text: String)]) -> [String] {
    let width = min(rows.map(\.name.count).max() ?? 0, 24)
    var lines = ["\(title):"]
    for row in rows {
      let text = wrapped(row.text, indent: width + 4)
      if row.name.count > width {
        lines += ["  \(row.name)"] + text
      } else {
        let padding = String(repeating: " ", count: width - row.name.count)
        lines += ["  \(row.name)\(padding)  \(text[0].dropFirst(width + 4))"] + text.dropFirst()
      }
    }
    return lines + [""]
  }

  private static func wrapped(_ text: String, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var (lines, line) = ([String](), "")
    for word in text.split(separator: " ") {
      if !line.isEmpty, indent + line.count + 1 + word.count > columns {
        lines.append(margin + line)
        line = ""
      }
      line += line.isEmpty ? "\(word)" : " \(word)"
    }
    return lines + [margin + line]
  }

  private static func sentence(_ summary: String) -> String {
    summary.prefix(1).uppercased() + summary.dropFirst() + "."
  }

  private static func text(_ lines: [String]) -> String {
    var lines = lines
    while lines.last == "" { lines.removeLast() }
    return lines.joined(separator: "\n")
  }
}
