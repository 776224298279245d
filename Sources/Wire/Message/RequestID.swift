import OpenSSLKit
import Synchronization

/// The number of a request: 32 random bits of the process and a count, as hex.
public struct RequestID: Sendable, CustomStringConvertible {
  private let count: UInt32

  public static func next() -> RequestID {
    RequestID(count: UInt32(truncatingIfNeeded: counter.add(1, ordering: .relaxed).newValue))
  }

  public var description: String { Self.process + Self.hex(count) }

  private static let counter = Atomic<UInt64>(0)
  private static let process = SecureRandom.bytes(4).reduce("") { $0 + hex($1, digits: 2) }

  private static func hex(_ value: some FixedWidthInteger & UnsignedInteger, digits: Int = 8) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: digits - text.utf8.count) + text
  }
}
