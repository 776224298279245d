/// How the bytes of one connection, and its end, are told within a stream that outlives it: each piece has a head that says
/// how long it is, and a piece of none is the end. One for each splice.
public protocol StreamFraming: Sendable {
  /// At most 16.
  var headByteCount: Int { get }
  /// At most 65,535 with the head.
  var payloadByteLimit: Int { get }

  /// Writes the head of so many bytes; of 0: the end.
  func writeHead(of count: Int, into head: UnsafeMutableRawBufferPointer)

  /// Goes on behind the cursor, which is moved behind what was taken. Behind an end nothing is taken.
  /// - Throws: when these are no frames. The stream is cut then.
  mutating func step(_ input: Span<UInt8>, _ cursor: inout Int) throws -> StreamFramingStep
}

public enum StreamFramingStep: Hashable, Sendable {
  /// These bytes of the input are the connection's; the cursor stands behind them.
  case payload(Range<Int>)
  case ended
  /// The input is used up.
  case needsMore
}
