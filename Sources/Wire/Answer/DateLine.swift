import Glibc

/// The `Date` field (RFC 9110 §6.6.1), written once a second.
struct DateLine {
  private var second: Int = -1
  private var line: [UInt8] = []

  init() {}

  /// `Date: Sat, 21 Nov 2026 00:08:47 GMT` and the line's end.
  mutating func current() -> [UInt8] {
    let now = Int(seconds())
    if now != second {
      second = now
      line = Array("Date: \(Self.format(second)) GMT\r\n".utf8)
    }
    return line
  }

  /// Since 1970. From memory that the kernel shares: no system call.
  func seconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Int64(time.tv_sec)
  }

  static func format(_ second: Int) -> String {
    var second = second
    var parts = tm()
    gmtime_r(&second, &parts)
    let day = days[Int(parts.tm_wday)]
    let month = months[Int(parts.tm_mon)]
    let date = "\(padded(parts.tm_mday)) \(month) \(parts.tm_year + 1900)"
    return "\(day), \(date) \(padded(parts.tm_hour)):\(padded(parts.tm_min)):\(padded(parts.tm_sec))"
  }

  private static func padded(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
}
