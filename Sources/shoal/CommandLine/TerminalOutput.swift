import FoundationEssentials
import Glibc

/// Where a command's answer goes: tables and lines for people, JSON for programs, complaints apart from both.
struct TerminalOutput {
  /// Whether titles and complaints are coloured.
  let colors: Bool
  /// How wide a line may be that is drawn over itself; `nil`: complaints do not go to a terminal.
  var barColumns: Int? { columns() }
  /// Whether the answer goes to a terminal, whose screen may be cleared for it.
  let isOnScreen: Bool
  private let columns: () -> Int?
  private let answer: (String) -> Void
  private let complaint: (String) -> Void

  init(
    colors: Bool, isOnScreen: Bool = false, columns: @escaping () -> Int? = { nil },
    answer: @escaping (String) -> Void, complaint: @escaping (String) -> Void
  ) {
    self.colors = colors
    self.isOnScreen = isOnScreen
    self.columns = columns
    self.answer = answer
    self.complaint = complaint
  }

  /// Standard output and standard error.
  static func standard(_ environment: [String: String]) -> TerminalOutput {
    TerminalOutput(
      colors: takesColors(STDOUT_FILENO, environment) && takesColors(STDERR_FILENO, environment),
      isOnScreen: isatty(STDOUT_FILENO) == 1 && environment["TERM"] != "dumb",
      columns: { environment["TERM"] == "dumb" ? nil : terminalColumns(STDERR_FILENO) },
      answer: { write($0, to: STDOUT_FILENO) }, complaint: { write($0, to: STDERR_FILENO) })
  }

  /// A terminal takes colours unless it is dumb or somebody set `NO_COLOR` (https://no-color.org).
  static func takesColors(_ descriptor: Int32, _ environment: [String: String]) -> Bool {
    isatty(descriptor) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  /// One line; what came from outside in it is shown and not obeyed.
  func line(_ text: String) { answer(TerminalText.safe(text) + "\n") }

  /// One line beside the answer, to standard error: how something goes on, what else is worth knowing.
  func note(_ text: String) { complaint(TerminalText.safe(text) + "\n") }

  /// Draws over the line that was drawn last; an empty text takes it away. For terminals alone.
  func bar(_ text: String) { complaint("\r\u{1B}[K\(TerminalText.safe(text))") }

  /// Everything from here on stands on an empty screen. For terminals alone.
  func clearScreen() { answer("\u{1B}[H\u{1B}[2J") }

  /// As it is now: windows change their size. `nil`: no terminal.
  private static func terminalColumns(_ descriptor: Int32) -> Int? {
    guard isatty(descriptor) == 1 else { return nil }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Lines of our own: help, generated pages.
  func text(_ text: String) { answer(text.hasSuffix("\n") ? text : text + "\n") }

  func table(_ table: TextTable) {
    let lines = table.lines
    answer(([colored(lines[0], "1")] + lines.dropFirst()).joined(separator: "\n") + "\n")
  }

  /// Indented, keys sorted, so that two answers can be compared.
  func json(_ document: some Encodable) throws { try json(document, [.prettyPrinted]) }

  /// One of many, each on a line of its own.
  func jsonLine(_ document: some Encodable) throws { try json(document, []) }

  private func json(_ document: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = formatting.union([.sortedKeys, .withoutEscapingSlashes])
    answer(TerminalText.safeJSON(String(decoding: try encoder.encode(document), as: UTF8.self)) + "\n")
  }

  /// To standard error; each line of the message is made safe by itself.
  func error(_ message: String) {
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { TerminalText.safe(String($0)) }
    complaint("\(colored("shoal:", "31")) \(lines.joined(separator: "\n"))\n")
  }

  private func colored(_ text: String, _ code: String) -> String { colors ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }

  /// An answer that nobody can read is no success: a full disk behind `> file` must not look like an empty list.
  private static func giveUp(_ code: Int32) -> Never {
    let text = Array("shoal: the answer cannot be written: \(String(cString: strerror(code)))\n".utf8)
    _ = Glibc.write(STDERR_FILENO, text, text.count)
    exit(ExitCode.failure.rawValue)
  }

  /// Whether anybody may read the answer yet: what goes on for ever ends with its reader (`| head`).
  static func hasReader(_ descriptor: Int32 = STDOUT_FILENO) -> Bool {
    var entry = pollfd(fd: descriptor, events: 0, revents: 0)
    return poll(&entry, 1, 0) <= 0 || entry.revents & Int16(POLLERR | POLLHUP) == 0
  }

  /// Each second, as long as there is a reader. Ctrl-C ends the process here: there is nothing to put away.
  func again(_ body: () throws -> Void) throws {
    while Self.hasReader() {
      try body()
      sleep(1)
    }
  }

  /// A reader that went away (`| head`) ends the output, not the command.
  private static func write(_ text: String, to descriptor: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      let code = errno
      if count < 0, code == EINTR { continue }
      if count < 0, code == EPIPE { return }
      guard count >= 0 else { giveUp(code) }
      rest = rest.dropFirst(count)
    }
  }
}
