import Glibc

/// Shows how something goes on: on a terminal a bar that is drawn over itself, elsewhere a line now and then, and nothing
/// at all of what is done within a second. On standard error, so that the answer stays clean.
///
/// One thread uses it.
final class ProgressDisplay {
  private let output: TerminalOutput
  private let now: () -> Int64
  private let startedAt: Int64
  private var rate = ProgressRate()
  private var shownAt: Int64?
  private var shown: Progress?

  private static let quietMilliseconds: Int64 = 1000
  private static let redrawMilliseconds: Int64 = 100
  private static let lineMilliseconds: Int64 = 5000

  /// - Parameter now: milliseconds of a clock that only rises.
  init(_ output: TerminalOutput, now: @escaping () -> Int64 = ProgressDisplay.monotonicMilliseconds) {
    self.output = output
    self.now = now
    startedAt = now()
  }

  func show(_ progress: Progress) {
    let now = now()
    rate.note(progress.done, atMilliseconds: now)
    guard now - startedAt >= Self.quietMilliseconds else { return }
    let pause = output.barColumns == nil ? Self.lineMilliseconds : Self.redrawMilliseconds
    guard shownAt.map({ now - $0 >= pause }) ?? true, shown != progress || output.barColumns != nil else { return }
    draw(progress, now)
  }

  /// Takes the bar away: the answer stands where it was.
  func end() {
    if shown != nil, output.barColumns != nil { output.bar("") }
    shown = nil
  }

  private func draw(_ progress: Progress, _ now: Int64) {
    shownAt = now
    shown = progress
    if let columns = output.barColumns {
      output.bar(ProgressBar(columns: columns).line(progress, perSecond: rate.perSecond))
    } else {
      output.note(ProgressBar.plainLine(progress, perSecond: rate.perSecond))
    }
  }

  static func monotonicMilliseconds() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }
}
