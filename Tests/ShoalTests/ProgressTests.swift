import Testing

@testable import shoal

@Suite struct ProgressTests {
  private let half = Progress(title: "fetch sha256:0123456789ab", done: 512 << 20, total: 1 << 30, note: "3 peers")

  private func line(_ columns: Int, _ progress: Progress? = nil, perSecond: Double? = 134_217_728) -> String {
    ProgressBar(columns: columns).line(progress ?? half, perSecond: perSecond)
  }

  @Test func wideLineHasEverything() {
    #expect(
      line(200)
        == "fetch sha256:0123456789ab  [####################--------------------]   50%  512.0 MiB of 1.0 GiB  "
        + "128.0 MiB/s  4s  3 peers")
  }

  @Test func narrowLineLosesItsNoteThenItsAmountsThenItsBar() {
    #expect(!line(90).contains("peers") && line(90).contains("of 1.0 GiB"))
    #expect(!line(75).contains("of 1.0 GiB") && line(75).contains("[") && line(75).contains("4s"))
    #expect(line(50).contains("50%") && line(50).contains("["))
    #expect(line(36) == "fetch sha256:0123456789ab   50%")
    #expect(line(10) == "fetch sha")
  }

  @Test(arguments: 1...160) func noLineIsAsWideAsTheTerminal(_ columns: Int) {
    #expect(line(columns).count < max(columns, 1))
    #expect(line(columns, Progress(title: "resolving", done: 0)).count < max(columns, 1))
  }

  @Test func whatHasNoEndHasNoBarAndNoTimeLeft() {
    let progress = Progress(title: "manifests", done: 1200, unit: .things, note: "7 repositories")
    #expect(line(80, progress, perSecond: 300.9) == "manifests  1200  300/s  7 repositories")
    #expect(line(80, progress, perSecond: nil) == "manifests  1200  7 repositories")
  }

  @Test(arguments: [(0, "[----]"), (0.25, "[#---]"), (0.999, "[###-]"), (1, "[####]")])
  func barIsFullOnlyAtTheEnd(_ fraction: Double, _ bar: String) {
    #expect(ProgressBar.bar(fraction, cells: 4) == bar)
  }

  @Test func moreThanTheWholeIsTheWhole() {
    #expect(Progress(title: "", done: 7, total: 5).fraction == 1)
    #expect(Progress(title: "", done: -7, total: 5).fraction == 0)
    #expect(Progress(title: "", done: 0, total: 0).fraction == nil)
  }

  @Test func titleCannotCommandATerminal() {
    #expect(!line(80, Progress(title: "a\u{1B}[2J", done: 1)).unicodeScalars.contains("\u{1B}"))
  }

  @Test func rateIsThatOfTheLastSeconds() {
    var rate = ProgressRate()
    #expect(rate.perSecond == nil)
    rate.note(0, atMilliseconds: 0)
    rate.note(100, atMilliseconds: 100)
    #expect(rate.perSecond == nil)
    rate.note(1000, atMilliseconds: 1000)
    #expect(rate.perSecond == 1000)
    for second in 2...20 { rate.note(1000 + Int64(second) * 10, atMilliseconds: Int64(second) * 1000) }
    #expect(rate.perSecond == 10)
    rate.note(5, atMilliseconds: 21_000)
    #expect(rate.perSecond == nil)
  }

  @Test(arguments: [(0, "0s"), (59, "59s"), (60, "1m00s"), (185, "3m05s"), (3600, "1h00m"), (7650, "2h07m")])
  func timeLeftIsShort(_ seconds: Int, _ text: String) {
    #expect(Amount.duration(seconds: seconds) == text)
  }

  // MARK: - Display

  /// What was written, with a clock that the test sets.
  private final class Scene {
    var written: [String] = []
    var now: Int64 = 0
    var columns: Int?

    lazy var output = TerminalOutput(
      colors: false, columns: { self.columns }, answer: { _ in }, complaint: { self.written.append($0) })
    lazy var display = ProgressDisplay(output, now: { self.now })

    init(columns: Int?) { self.columns = columns }
  }

  @Test func whatIsDoneWithinASecondIsNotShown() {
    let scene = Scene(columns: 80)
    scene.display.show(half)
    scene.now = 999
    scene.display.show(half)
    scene.display.end()
    #expect(scene.written.isEmpty)
  }

  @Test func terminalHasOneLineThatIsDrawnOverAndTakenAway() {
    let scene = Scene(columns: 80)
    scene.display.show(half)
    for now in [1000, 1050, 1100] {
      scene.now = Int64(now)
      scene.display.show(half)
    }
    #expect(scene.written.count == 2)
    #expect(scene.written.allSatisfy { $0.hasPrefix("\r\u{1B}[K") && !$0.contains("\n") })
    scene.display.end()
    #expect(scene.written.last == "\r\u{1B}[K")
  }

  @Test func fileHasALineNowAndThen() {
    let scene = Scene(columns: nil)
    scene.display.show(half)
    for now in stride(from: 1000, through: 12_000, by: 100) {
      scene.now = Int64(now)
      scene.display.show(Progress(title: "a", done: Int64(now)))
    }
    #expect(scene.written.count == 3)
    #expect(scene.written.allSatisfy { $0.hasSuffix("\n") && !$0.contains("\u{1B}") })
    scene.display.end()
    #expect(scene.written.count == 3)
  }
}
