import Telemetry

/// Numbers as people read them.
enum Amount {
  private static let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]

  /// `999 B`, `1.5 KiB`, `23.0 MiB`
  static func bytes(_ count: Int64) -> String {
    guard count.magnitude >= 1024 else { return "\(count) B" }
    // The largest unit that is not larger than the count: ten bits for each step.
    let unit = min((63 - count.magnitude.leadingZeroBitCount) / 10, units.count - 1)
    let (whole, rest) = count.magnitude.quotientAndRemainder(dividingBy: 1 << (10 * unit))
    return "\(count < 0 ? "-" : "")\(whole).\((rest * 10) >> (10 * unit)) \(units[unit])"
  }

  /// `sha256:0123456789ab`: enough of a digest to know it again.
  static func short(_ digest: String) -> String {
    let parts = digest.split(separator: ":", maxSplits: 1)
    return parts.count == 2 ? "\(parts[0]):\(parts[1].prefix(12))" : digest
  }

  /// `12s`, `3m05s`, `2h07m`
  static func duration(seconds: Int) -> String {
    func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    if seconds < 60 { return "\(seconds)s" }
    if seconds < 3600 { return "\(seconds / 60)m\(twoDigits(seconds % 60))s" }
    return "\(seconds / 3600)h\(twoDigits(seconds / 60 % 60))m"
  }

  /// `2026-01-01 12:00:05Z`
  static func time(millisecondsSince1970 time: Int64) -> String {
    let text = Timestamp.rfc3339(millisecondsSince1970: time)
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))Z"
  }
}
