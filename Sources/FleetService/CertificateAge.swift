import OpenSSLKit

/// Where a node's certificate stands between its first and its last second. It is renewed when two thirds of its time are
/// over: with 90 days, from the 60th on.
public struct CertificateAge: Hashable, Sendable {
  /// All in seconds since 1970.
  public let due: Int64
  public let end: Int64
  public let now: Int64

  private static let longestPause: Int64 = 3600
  /// Where nothing but an operator helps: it may have been helped.
  private static let pauseWhenOver: Int64 = 60

  public init(_ validity: ValidityPeriod, at now: Int64) {
    // It holds from a little before it was made, for clocks that are late.
    let made = min(validity.notBefore + ValidityPeriod.clockSkewSeconds, validity.notAfter)
    due = made + (validity.notAfter - made) / 3 * 2 + (validity.notAfter - made) % 3 * 2 / 3
    (end, self.now) = (validity.notAfter, now)
  }

  public var isDue: Bool { now >= due }

  /// No member takes it any more.
  public var isOver: Bool { now > end }

  public var daysLeft: Int64 { max(0, end - now) / 86_400 }

  /// How long to wait before it is renewed, or tried again: twenty times in what is left, at least every hour. A clock may
  /// be set at any time, so a long wait is cut in pieces.
  public var pauseSeconds: Int64 {
    if isOver { return Self.pauseWhenOver }
    return isDue ? max(1, min((end - now) / 20, Self.longestPause)) : min(due - now, Self.longestPause)
  }
}
