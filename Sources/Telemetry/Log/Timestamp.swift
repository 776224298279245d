/// Times as text.
public enum Timestamp {
  /// `2026-01-01T12:00:05.007Z`
  public static func rfc3339(millisecondsSince1970 time: Int64) -> String {
    var line = LineBytes()
    line.appendTimestamp(millisecondsSince1970: time)
    return line.withBytes { String(decoding: $0, as: UTF8.self) }
  }
}
