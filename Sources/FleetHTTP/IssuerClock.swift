import Glibc

/// What a newcomer sees of the inviting node's clock before it sends anything: the `Date` field (RFC 9110 §6.6.1) of an
/// answer over a connection that stands under the fleet's key. A node whose clock is off may not write in a fleet, and its
/// certificate begins or ends at the wrong time, so it is told before anything is changed.
enum IssuerClock {
  /// By how many seconds this node's clock is ahead of the other's; behind: below zero. `nil`: it did not say.
  /// - Parameters:
  ///   - sent, answered: this node's time before and after the question, in seconds since 1970.
  static func seconds(aheadOf date: String?, sent: Int64, answered: Int64) -> Int64? {
    guard let date, let said = parse(date) else { return nil }
    // The other looked at its clock between the two, and says whole seconds.
    if said < sent - 1 { return sent - said }
    if said > answered { return answered - said }
    return 0
  }

  /// The one spelling that is sent today: `Sat, 21 Nov 2026 00:08:47 GMT`.
  static func parse(_ text: String) -> Int64? {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0].hasSuffix(","), parts[5] == "GMT", let month = months.firstIndex(of: parts[2]),
      let day = Int32(parts[1]), 1...31 ~= day, let year = Int32(parts[3]), 1970...9999 ~= year
    else { return nil }
    let clock = parts[4].split(separator: ":", omittingEmptySubsequences: false).compactMap { Int32($0) }
    guard clock.count == 3, 0...23 ~= clock[0], 0...59 ~= clock[1], 0...60 ~= clock[2] else { return nil }
    var moment = tm()
    (moment.tm_year, moment.tm_mon, moment.tm_mday) = (year - 1900, Int32(month), day)
    (moment.tm_hour, moment.tm_min, moment.tm_sec) = (clock[0], clock[1], clock[2])
    return Int64(timegm(&moment))
  }

  private static let months: [Substring] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}

/// Why a node does not join before its clock is set.
struct ClockFault: Error, Hashable, CustomStringConvertible {
  /// `nil`: so far behind that the fleet's certificates have not begun.
  let secondsAhead: Int64?

  var description: String {
    let off =
      switch secondsAhead {
      case nil: "is so far behind that the fleet's certificates have not begun for it"
      case let ahead?: "is \(abs(ahead)) s \(ahead < 0 ? "behind" : "ahead of") the inviting node's"
      }
    return """
      this node's clock \(off): set the one that is wrong (date -u on both machines shows which) and run shoal fleet join \
      again; nothing has been changed, and the invitation is still good until its end
      """
  }
}
