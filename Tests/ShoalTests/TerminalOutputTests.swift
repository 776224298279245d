import Glibc
import RegistryCore
import Testing

@testable import shoal

@Suite struct TerminalOutputTests {
  private final class Sheet {
    var answer = ""
    var complaint = ""

    func output(colors: Bool = false) -> TerminalOutput {
      TerminalOutput(colors: colors, answer: { self.answer += $0 }, complaint: { self.complaint += $0 })
    }
  }

  @Test func columnsAreAlignedAndLinesEndWithTheirText() {
    var table = TextTable(.init("TAG"), .init("SIZE", .right), .init("PUSHED"))
    table.append("latest", "1.5 KiB", "now")
    table.append("v1", "12 B", "")
    let sheet = Sheet()
    sheet.output().table(table)
    #expect(
      sheet.answer == """
        TAG         SIZE   PUSHED
        latest   1.5 KiB   now
        v1          12 B

        """)
  }

  @Test func tableWithoutRowsHasItsTitles() {
    #expect(TextTable(.init("REPOSITORY"), .init("TAGS", .right)).lines == ["REPOSITORY   TAGS"])
  }

  @Test func controlCharactersOfNamesReachNoTerminal() throws {
    let evil = "a\u{1B}]0;owned\u{7}b\u{9B}31m\u{202E}c\r\nd"
    let sheet = Sheet()
    let output = sheet.output()
    var table = TextTable(.init("NAME"))
    table.append(evil)
    output.table(table)
    output.line(evil)
    output.error(evil)
    try output.json(["name": evil])
    for scalar in (sheet.answer + sheet.complaint).unicodeScalars where scalar != "\n" {
      #expect(scalar.properties.generalCategory != .control && scalar.properties.generalCategory != .format)
    }
    #expect(sheet.answer.contains("a\\u{1b}]0;owned\\u{7}b\\u{9b}31m\\u{202e}c\\u{d}\\u{a}d"))
  }

  @Test func jsonIsSortedAndMeansTheSameAfterItWasMadeSafe() throws {
    let sheet = Sheet()
    try sheet.output().json(["b": "x/y", "a": "é \u{9B} \u{202E} \u{E0001}"])
    #expect(
      sheet.answer == """
        {
          "a" : "é \\u009b \\u202e \\udb40\\udc01",
          "b" : "x/y"
        }

        """)
  }

  @Test func coloursAreOnlyThereWhenAskedFor() {
    let (plain, colored) = (Sheet(), Sheet())
    plain.output().table(TextTable(.init("A")))
    plain.output().error("no")
    colored.output(colors: true).table(TextTable(.init("A")))
    colored.output(colors: true).error("no")
    #expect((plain.answer, plain.complaint) == ("A\n", "shoal: no\n"))
    #expect(colored.answer == "\u{1B}[1mA\u{1B}[0m\n")
    #expect(colored.complaint == "\u{1B}[31mshoal:\u{1B}[0m no\n")
  }

  @Test func onlyATerminalThatWantsThemGetsColours() {
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    let file = open("/dev/null", O_RDWR | O_CLOEXEC)
    defer {
      close(terminal)
      close(file)
    }
    #expect(TerminalOutput.takesColors(terminal, [:]))
    #expect(TerminalOutput.takesColors(terminal, ["NO_COLOR": "", "TERM": "xterm"]))
    #expect(!TerminalOutput.takesColors(terminal, ["NO_COLOR": "1"]))
    #expect(!TerminalOutput.takesColors(terminal, ["TERM": "dumb"]))
    #expect(!TerminalOutput.takesColors(file, [:]))
  }

  @Test(
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (1_048_575, "1023.9 KiB"),
      (1 << 20, "1.0 MiB"), (5 << 30, "5.0 GiB"), (Int64.max, "8191.9 PiB"), (-2048, "-2.0 KiB"),
    ] as [(Int64, String)]) func sizesAreReadAtAGlance(_ count: Int64, _ expected: String)
  {
    #expect(Amount.bytes(count) == expected)
  }

  @Test func timesAreInUTCToTheSecond() {
    #expect(Amount.time(millisecondsSince1970: 1_767_268_805_007) == "2026-01-01 12:00:05Z")
  }
}

@Suite struct ImageArgumentTests {
  @Test func tagAndDigestAreToldApart() throws {
    let hex = String(repeating: "ab", count: 32)
    let byTag = try ImageArgument(parsing: "library/alpine:3.20")
    #expect(byTag.repository.text == "library/alpine")
    #expect(try byTag.tag().text == "3.20")
    let byDigest = try ImageArgument(parsing: "library/alpine@sha256:\(hex)")
    #expect(byDigest.reference.description == "sha256:\(hex)")
    #expect(throws: UsageError.self) { try byDigest.tag() }
  }

  @Test(arguments: [
    ("library/alpine", "names no tag and no digest"), ("localhost:5000/a", "names no tag and no digest"),
    ("registry.example:5000/A:b", "is no repository name"), ("A:b", "no repository name"), ("a:", "is no tag"),
    (":b", "no repository name"), ("a@sha256:12", "is no digest"), ("", "names no tag and no digest"),
  ]) func imageThatIsNoneIsRefusedWithTheReason(_ text: String, _ reason: String) {
    #expect {
      try ImageArgument(parsing: text)
    } throws: { "\($0)".contains(reason) }
  }

  @Test func readerOfAPipeIsMissedWhenItIsGone() throws {
    // By a name, so that both ends close on exec: a child that another test starts would be a reader, too.
    let path = "/tmp/shoal-pipe-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    try #require(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let reading = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    let writing = open(path, O_WRONLY | O_CLOEXEC)
    try #require(reading >= 0 && writing >= 0)
    #expect(TerminalOutput.hasReader(writing))
    close(reading)
    // Until such a child has executed its program it is one all the same.
    let deadline = ContinuousClock.now + .seconds(60)
    while TerminalOutput.hasReader(writing), ContinuousClock.now < deadline { sched_yield() }
    #expect(!TerminalOutput.hasReader(writing))
    close(writing)
  }
}
