import Configuration

/// Words of a command line become an invocation, a help text or an error that says what was meant.
///
///     shoal COMMAND [--option VALUE | --option=VALUE | --flag | ARGUMENT]… [-- ARGUMENT…]
///
/// Options stand after their command, in any order among the arguments. `--help` anywhere wins.
enum ArgumentParser {
  enum Parsed {
    case run(Invocation)
    case help(String)
  }

  /// - Parameter arguments: without the name of the program.
  static func parse(_ arguments: [String]) throws(UsageError) -> Parsed {
    guard let first = arguments.first else {
      throw UsageError("no command", advice: "run: shoal serve, or shoal help for the others")
    }
    if ["--help", "-h"].contains(first) { return .help(HelpText.overview) }
    let words = first == "--version" ? ["version"] + arguments.dropFirst() : arguments
    let (command, rest) = try command(words)
    guard let command else { return .help(try help(words.prefix { !$0.hasPrefix("-") })) }
    if command.verb == .help { return .help(try help(rest.filter { !["--help", "-h"].contains($0) }[...])) }
    var reading = Reading(command: command)
    guard try reading.read(rest) else { return .help(HelpText.of(command)) }
    return .run(try reading.invocation())
  }

  // MARK: - Commands

  /// `nil`: a group and a wish for help.
  private static func command(_ words: [String]) throws(UsageError) -> (Command?, ArraySlice<String>) {
    let rest = words.dropFirst()
    if let command = named(words[0]) { return (command, rest) }
    guard isGroup(words[0]) else { throw unknown(words[0]) }
    return try command(in: words[0], rest)
  }

  /// A group may hold groups.
  private static func command(
    in group: String, _ words: ArraySlice<String>
  ) throws(UsageError) -> (Command?, ArraySlice<String>) {
    guard let word = words.first else {
      throw UsageError(
        "'\(group)' wants another word", advice: "one of \(names(inGroup: group).joined(separator: ", "))")
    }
    if ["--help", "-h"].contains(word) { return (nil, []) }
    let name = "\(group) \(word)"
    if let command = named(name) { return (command, words.dropFirst()) }
    if isGroup(name) { return try command(in: name, words.dropFirst()) }
    let names = names(inGroup: group)
    let nearest = NearestName.of(word, among: names)
    throw UsageError(
      "'\(group)' has no command '\(TerminalText.safe(word))'",
      advice: nearest.map { "did you mean '\(group) \($0)'?" } ?? "one of \(names.joined(separator: ", "))")
  }

  private static func named(_ name: String) -> Command? { CommandTable.commands.first { $0.name == name } }

  private static func isGroup(_ name: String) -> Bool { CommandTable.groups.contains { $0.name == name } }

  private static func unknown(_ word: String) -> UsageError {
    guard !word.hasPrefix("-") else {
      return UsageError(
        "'\(TerminalText.safe(word))' stands before the command", advice: "write the command first: shoal serve …")
    }
    let firsts = CommandTable.commands.filter { !$0.isHidden && !$0.name.contains(" ") }.map(\.name)
    let nearest = NearestName.of(word, among: firsts + CommandTable.groups.map(\.name))
    return UsageError(
      "unknown command '\(TerminalText.safe(word))'",
      advice: nearest.map { "did you mean '\($0)'?" } ?? "run: shoal help")
  }

  private static func names(inGroup group: String) -> [String] {
    CommandTable.commands.filter { $0.name.hasPrefix("\(group) ") }.map { String($0.name.dropFirst(group.count + 1)) }
  }

  private static func help(_ words: ArraySlice<String>) throws(UsageError) -> String {
    guard !words.isEmpty else { return HelpText.overview }
    if let group = CommandTable.groups.first(where: { $0.name == words.joined(separator: " ") }) {
      return HelpText.of(group: group.name, group.summary)
    }
    guard let command = try command(Array(words)).0 else { return HelpText.overview }
    return HelpText.of(command)
  }
}

/// The words after a command.
private struct Reading {
  let command: Command
  var values: [String: [String]] = [:]
  var arguments: [String] = []

  /// `false`: somebody wants help.
  mutating func read(_ words: ArraySlice<String>) throws(UsageError) -> Bool {
    var rest = words
    var problem: UsageError?
    while let word = rest.popFirst() {
      if word == "--help" || word == "-h" { return false }
      if word == "--" {
        arguments += rest
        break
      }
      do throws(UsageError) {
        if word.hasPrefix("-"), word != "-" { try readOption(word, &rest) } else { arguments.append(word) }
      } catch {
        problem = problem ?? error
      }
    }
    if let problem { throw problem }
    return true
  }

  private mutating func readOption(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard word.hasPrefix("--"), let option = command.options.first(where: { "--\($0.name)" == parts[0] }) else {
      throw unknownOption(parts[0])
    }
    let inlined = parts.count > 1 ? parts[1] : nil
    let value: String
    if let placeholder = option.placeholder {
      if let inlined { value = inlined } else { value = try valueWord(after: option, placeholder, &rest) }
    } else {
      guard inlined == nil else {
        throw UsageError("--\(option.name) takes no value", advice: "write --\(option.name) alone")
      }
      value = "true"
    }
    guard option.isRepeatable || values[option.name] == nil else {
      throw UsageError("--\(option.name) is given twice", advice: "keep one of them")
    }
    values[option.name, default: []].append(value)
  }

  private func valueWord(
    after option: Command.Option, _ placeholder: String, _ rest: inout ArraySlice<String>
  ) throws(UsageError) -> String {
    guard let value = rest.first, value == "-" || !value.hasPrefix("-") else {
      throw UsageError("--\(option.name) has no value", advice: "write --\(option.name)=\(placeholder)")
    }
    rest.removeFirst()
    return value
  }

  private func unknownOption(_ word: String) -> UsageError {
    let names = command.options.map { "--\($0.name)" } + ["--help"]
    let nearest = NearestName.of(word, among: names)
    return UsageError(
      "'\(command.name)' has no option '\(TerminalText.safe(word))'",
      advice: nearest.map { "did you mean \($0)?" } ?? "run: shoal \(command.name) --help")
  }

  func invocation() throws(UsageError) -> Invocation {
    let advice = "usage: \(command.usage)"
    switch (command.positional?.count, arguments.count) {
    case (nil, 1...), (.one, 2...), (.atMostOne, 2...):
      let extra = arguments[command.positional == nil ? 0 : 1]
      throw UsageError("'\(TerminalText.safe(extra))' is one word too many", advice: advice)
    case (.one, 0), (.oneOrMore, 0):
      throw UsageError("\(command.positional?.name ?? "") is missing", advice: advice)
    default: return Invocation(command: command, values: values, arguments: arguments)
    }
  }
}
