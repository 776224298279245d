/// Progress as one line of text, made to fit.
///
///     fetch sha256:0123456789ab  [#########----------]  47%  23.0 MiB of 48.9 MiB  11.2 MiB/s  2s  3 peers
///
/// When the line is too narrow the note goes first, then the amounts, then the bar; a title is cut last.
struct ProgressBar {
  /// A bar shorter than this tells nothing.
  private static let leastCells = 10
  private static let mostCells = 40

  let columns: Int

  func line(_ progress: Progress, perSecond: Double?) -> String {
    let title = TerminalText.safe(progress.title)
    let share = Self.percent(progress)
    let (amounts, pace, note) = Self.parts(progress, perSecond)
    for parts in [amounts + pace + note, amounts + pace, pace, []] {
      if let line = fitted(title, progress.fraction, (share + parts).joined(separator: "  ")) { return line }
    }
    let short = ([title] + (share.isEmpty ? amounts : share)).joined(separator: "  ")
    return short.count < columns ? short : String(short.prefix(max(0, columns - 1)))
  }

  /// For a file or a pipe: the same without a bar.
  static func plainLine(_ progress: Progress, perSecond: Double?) -> String {
    let (amounts, speed, note) = parts(progress, perSecond)
    return ([TerminalText.safe(progress.title)] + percent(progress) + amounts + speed + note).joined(separator: "  ")
  }

  private static func percent(_ progress: Progress) -> [String] {
    progress.fraction.map { ["\(padded(Int($0 * 100)))%"] } ?? []
  }

  private static func parts(_ progress: Progress, _ perSecond: Double?) -> ([String], [String], [String]) {
    let amount =
      progress.total.map { "\(progress.amount(progress.done)) of \(progress.amount($0))" }
      ?? progress.amount(progress.done)
    let amounts = progress.unit == .shares ? [] : [amount]
    let pace = [perSecond.flatMap { speed($0, progress) }, left(progress, perSecond)].compactMap(\.self)
    return (amounts, pace, progress.note.isEmpty ? [] : [TerminalText.safe(progress.note)])
  }

  /// `nil`: there is no room for a bar. The last column stays empty, since some terminals break the line there.
  private func fitted(_ title: String, _ fraction: Double?, _ text: String) -> String? {
    guard let fraction else {
      let line = "\(title)  \(text)"
      return line.count < columns ? line : nil
    }
    let room = columns - 1 - title.count - text.count - "  []  ".count
    guard room >= Self.leastCells else { return nil }
    return "\(title)  \(Self.bar(fraction, cells: min(room, Self.mostCells)))  \(text)"
  }

  static func bar(_ fraction: Double, cells: Int) -> String {
    let full = Int(fraction * Double(cells))
    return "[\(String(repeating: "#", count: full))\(String(repeating: "-", count: cells - full))]"
  }

  private static func speed(_ perSecond: Double, _ progress: Progress) -> String? {
    guard perSecond >= 0 else { return nil }
    switch progress.unit {
    case .bytes: return "\(Amount.bytes(Int64(perSecond)))/s"
    case .things: return "\(Int(perSecond))/s"
    case .shares: return nil
    }
  }

  /// How long it will take on; `nil` when nobody can say.
  private static func left(_ progress: Progress, _ perSecond: Double?) -> String? {
    guard let total = progress.total, let perSecond, perSecond > 0, progress.done < total else { return nil }
    let seconds = (Double(total - progress.done) / perSecond).rounded(.up)
    return seconds < 100 * 3600 ? Amount.duration(seconds: Int(seconds)) : nil
  }

  private static func padded(_ percent: Int) -> String {
    let text = "\(percent)"
    return String(repeating: " ", count: max(0, 3 - text.count)) + text
  }
}
