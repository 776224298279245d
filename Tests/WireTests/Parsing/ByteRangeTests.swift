import Testing
import Wire

struct ByteRangeTests {
  private static let table: [(String?, Int64, ByteRange)] = [
    (nil, 10, .whole), ("", 10, .whole), ("bytes", 10, .whole), ("bytes=", 10, .whole), ("bytes=-", 10, .whole),
    ("bytes=0-", 10, .part(0..<10)), ("bytes=0-0", 10, .part(0..<1)), ("bytes=3-5", 10, .part(3..<6)),
    ("bytes=9-9", 10, .part(9..<10)), ("bytes=3-99", 10, .part(3..<10)), ("BYTES=3-5", 10, .part(3..<6)),
    ("bytes= 3-5 ", 10, .part(3..<6)), ("bytes=-3", 10, .part(7..<10)), ("bytes=-10", 10, .part(0..<10)),
    ("bytes=-99", 10, .part(0..<10)),
    ("bytes=-0", 10, .unsatisfiable), ("bytes=10-", 10, .unsatisfiable), ("bytes=10-20", 10, .unsatisfiable),
    ("bytes=0-", 0, .unsatisfiable), ("bytes=-5", 0, .unsatisfiable), ("bytes=0-0", 0, .unsatisfiable),
    ("bytes=99999999999999999999999-", 10, .unsatisfiable),
    ("bytes=0-99999999999999999999999", 10, .part(0..<10)),
    ("bytes=-99999999999999999999999", 10, .part(0..<10)),
    ("bytes=0-9223372036854775807", .max, .part(0..<(.max))),
    ("bytes=5-3", 10, .whole), ("bytes=a-3", 10, .whole), ("bytes=3-b", 10, .whole), ("bytes=+3-5", 10, .whole),
    ("bytes=3 -5", 10, .whole), ("bytes=--5", 10, .whole), ("bytes=3-5-7", 10, .whole),
    ("bytes=0-1,3-4", 10, .whole), ("bytes=0-1, 3-4", 10, .whole), ("items=0-1", 10, .whole), ("bytes 0-1", 10, .whole),
  ]

  @Test(arguments: table.indices)
  func fieldAndSizeGiveTheRange(index: Int) {
    let (field, size, range) = Self.table[index]
    #expect(ByteRange(field, size: size) == range, "\(field ?? "no field") of \(size)")
  }
}
