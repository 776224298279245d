/// From when until when a certificate holds, in seconds since 1970.
public struct ValidityPeriod: Hashable, Sendable {
  public let notBefore: Int64
  /// The last second.
  public let notAfter: Int64

  public init(notBefore: Int64, notAfter: Int64) {
    (self.notBefore, self.notAfter) = (notBefore, notAfter)
  }

  /// For a certificate that is needed at once, also by those whose clocks are late.
  public init(from now: Int64, seconds: Int64) {
    self.init(notBefore: now - Self.clockSkewSeconds, notAfter: now + seconds)
  }

  /// A day, so that a node whose clock has the wrong zone is still spoken with, and is told that its clock is wrong.
  public static let clockSkewSeconds: Int64 = 24 * 3600

  public func contains(_ second: Int64) -> Bool { notBefore <= second && second <= notAfter }
}
