import FoundationEssentials
import Testing

@testable import Telemetry

@Suite struct LineFormatTests {
  private let noon: Int64 = 1_767_268_805_007  // 2026-01-01T12:00:05.007Z

  private func text(_ format: LineFormat, _ fields: LogField...) -> String {
    format.line(.info, "request served", fields, at: noon).withBytes { String(decoding: $0, as: UTF8.self) }
  }

  @Test func logfmtQuotesOnlyWhatNeedsQuotes() {
    let line = text(
      .logfmt(colors: false), LogField("path", "/v2/a"), LogField("agent", "a b"), LogField("empty", ""),
      LogField("equal", "a=b"), LogField("size.bytes", 12), LogField("took.ms", 1.25), LogField("cut", false))
    #expect(
      line == """
        time=2026-01-01T12:00:05.007Z level=info message="request served" path=/v2/a agent="a b" empty="" \
        equal="a=b" size.bytes=12 took.ms=1.250 cut=false

        """)
  }

  @Test func jsonLineDecodesToWhatWasLogged() throws {
    let awkward = "quote \" backslash \\ newline \n tab \t bell \u{7} escape \u{1B}[31m é 漢 🐟 \u{9B} \u{202E} end"
    let line = text(
      .json, LogField("text", awkward), LogField("count", -3), LogField("took.ms", 0.5), LogField("flag", true))
    let decoded = try JSONDecoder().decode([String: JSONScalar].self, from: Data(line.utf8))
    #expect(
      decoded == [
        "time": .text("2026-01-01T12:00:05.007Z"), "level": .text("info"), "message": .text("request served"),
        "text": .text(awkward), "count": .number(-3), "took.ms": .number(0.5), "flag": .flag(true),
      ])
  }

  @Test(arguments: [LineFormat.json, .logfmt(colors: false)])
  func noCharacterThatATerminalObeysIsWrittenRaw(_ format: LineFormat) {
    for value in (0...0x206F).map({ UInt32($0) }) {
      guard let scalar = Unicode.Scalar(value), [.control, .format].contains(scalar.properties.generalCategory),
        value < 0xA0 || (0x2028...0x202E).contains(value) || (0x2066...0x2069).contains(value)
      else { continue }
      let line = text(format, LogField("name", "a\(scalar)b"))
      #expect(!line.dropLast().unicodeScalars.contains(scalar), "U+\(String(value, radix: 16)) came through")
      #expect(line.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
    }
  }

  @Test func coloursStandOnlyAroundTheLevel() {
    #expect(text(.logfmt(colors: true)).contains(" level=\u{1B}[32minfo\u{1B}[0m message="))
    #expect(!text(.logfmt(colors: false)).contains("\u{1B}"))
    #expect(!text(.json).contains("\u{1B}"))
  }

  @Test func numbersThatJSONCannotSayBecomeNull() {
    let line = text(.json, LogField("ratio", Double.nan), LogField("top", -Double.infinity))
    #expect(line.contains("\"ratio\":null,\"top\":null"))
  }

  @Test(arguments: [
    (0.0, "0.000"), (-1.5, "-1.500"), (0.0004, "0.0004"), (2.9996, "3.000"), (1e18, "1e+18"), (12345.6789, "12345.679"),
  ]) func numbersKeepThreeDecimalsOrAll(_ number: Double, _ expected: String) {
    #expect(text(.json, LogField("n", number)).contains("\"n\":\(expected)}"))
  }

  @Test(arguments: [Int64.min, -1, 0, 9, 10, .max]) func integersAreWrittenWhole(_ number: Int64) {
    #expect(text(.json, LogField("n", number)).contains("\"n\":\(number)}"))
  }

  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
    (4_107_542_399_999, "2100-02-28T23:59:59.999Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    (1_709_251_199_042, "2024-02-29T23:59:59.042Z"),
  ]) func timestampsFollowTheCalendar(_ milliseconds: Int64, _ expected: String) {
    var line = LineBytes()
    line.appendTimestamp(millisecondsSince1970: milliseconds)
    #expect(line.withBytes { String(decoding: $0, as: UTF8.self) } == expected)
  }

  @Test func everyDayOfFourCenturiesFollowsTheOneBefore() {
    var last = CivilDate(daysSince1970: 0)
    for day in Int64(1)...146_097 {
      let date = CivilDate(daysSince1970: day)
      let isLeap = last.year % 4 == 0 && (last.year % 100 != 0 || last.year % 400 == 0)
      let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(last.month) - 1]
      let isLastOfMonth = last.day == length
      guard date.day == (isLastOfMonth ? 1 : last.day + 1),
        date.month == (isLastOfMonth ? last.month % 12 + 1 : last.month),
        date.year == last.year + (isLastOfMonth && last.month == 12 ? 1 : 0)
      else {
        Issue.record("\(date) follows \(last)")
        return
      }
      last = date
    }
  }
}

enum JSONScalar: Decodable, Hashable {
  case text(String)
  case number(Double)
  case flag(Bool)

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }
}
