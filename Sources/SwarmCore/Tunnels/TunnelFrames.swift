/// How the bytes of a connection are told from its end within a tunnel, so that the tunnel lives on:
///
///     frame = length(3 bytes, the high one first, 1...65,532) bytes
///     end   = 0 0 0
public enum TunnelFrames {
  public static let headByteCount = 3
  /// With its head a frame fills four records of TLS and no more.
  public static let payloadByteLimit = (64 << 10) - 4

  /// - Parameter count: of bytes that follow; 0: the connection has ended.
  public static func head(of count: Int) -> (UInt8, UInt8, UInt8) {
    precondition(0...payloadByteLimit ~= count, "a frame of \(count) bytes")
    return (UInt8(count >> 16), UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count))
  }
}

/// Takes frames apart as they come, however they were cut on the way. It keeps no byte of them. Fuzzed.
public struct TunnelFrameReader: Sendable {
  public struct Malformed: Error, Hashable, Sendable {}

  public enum Step: Hashable, Sendable {
    /// These bytes of the input are the connection's.
    case payload(Range<Int>)
    case ended
    /// The input is used up.
    case needsMore
  }

  private var head = 0
  private var headCount = 0
  /// Of the frame that has begun.
  private var left = 0
  public private(set) var hasEnded = false

  public init() {}

  /// Between two connections: nothing of the last frame is missing.
  public var isAtStart: Bool { headCount == 0 && left == 0 }

  /// - Parameter cursor: where in the input it goes on; moved behind what was taken. Behind an end nothing is taken.
  public mutating func step(_ input: Span<UInt8>, _ cursor: inout Int) throws(Malformed) -> Step {
    guard !hasEnded else { return .ended }
    while left == 0 {
      guard cursor < input.count else { return .needsMore }
      head = head << 8 | Int(input[cursor])
      headCount += 1
      cursor += 1
      guard headCount == TunnelFrames.headByteCount else { continue }
      (left, head, headCount) = (head, 0, 0)
      guard left <= TunnelFrames.payloadByteLimit else { throw Malformed() }
      if left == 0 {
        hasEnded = true
        return .ended
      }
    }
    guard cursor < input.count else { return .needsMore }
    let end = min(input.count, cursor + left)
    defer {
      left -= end - cursor
      cursor = end
    }
    return .payload(cursor..<end)
  }
}
