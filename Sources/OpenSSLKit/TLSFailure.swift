import COpenSSL
import Glibc

/// Why OpenSSL refused: what was tried, on which file if on one, and OpenSSL's own words.
public struct TLSFailure: Error, Sendable, CustomStringConvertible {
  public let attempt: String
  public let reason: String

  init(_ attempt: String, reason: String) {
    self.attempt = attempt
    self.reason = reason
  }

  /// Takes the reason from this thread's error queue, which it empties.
  init(_ attempt: String) {
    self.init(attempt, reason: Self.takeReason())
  }

  /// - Parameter code: of OpenSSL's error queue; 0 when it said nothing, as when the socket breaks.
  init(_ attempt: String, _ code: UInt) {
    self.init(attempt, reason: code == 0 ? "the connection was cut" : Self.reason(code))
  }

  public var description: String { "\(attempt): \(reason)" }

  /// The oldest error of the queue names the cause; later ones say where it passed through.
  private static func takeReason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    return code == 0 ? "unknown reason" : reason(code)
  }

  private static func reason(_ code: UInt) -> String {
    if let text = ERR_reason_error_string(code) { return String(cString: text) }
    // What the system refused, such as a file that is not there, has the system's words.
    if shoal_is_system_error(code) != 0 { return String(cString: strerror(Int32(truncatingIfNeeded: code & 0xFFFF))) }
    return "OpenSSL error \(code)"
  }
}
