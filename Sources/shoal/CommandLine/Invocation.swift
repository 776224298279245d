/// A command with what was given to it.
struct Invocation: Sendable {
  let command: Command
  /// By the name of the option without its dashes; an option without a value has `true`.
  let values: [String: [String]]
  let arguments: [String]

  var verb: Command.Verb { command.verb }

  /// For the one argument of a command that takes one.
  var argument: String { arguments[0] }

  func has(_ option: String) -> Bool { values[option] != nil }

  func value(_ option: String) -> String? { values[option]?.last }

  /// A number that counts something.
  func count(_ option: String) throws(UsageError) -> Int? {
    guard let text = value(option) else { return nil }
    guard let number = Int(text), number > 0 else {
      throw UsageError("--\(option) '\(TerminalText.safe(text))' is no count", advice: "write a whole number from 1 up")
    }
    return number
  }

  var wantsJSON: Bool { has("json") }
  var configurationFile: String? { value("config") }

  /// The options that are keys of the configuration, as `Settings.load` takes them.
  var settingFlags: [String: [String]] {
    let names = Set(command.options.filter(\.isSetting).map(\.name))
    return values.filter { names.contains($0.key) }
  }
}
