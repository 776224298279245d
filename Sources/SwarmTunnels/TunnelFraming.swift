import SwarmCore
import Wire

/// The frames of `SwarmCore`, as a splice wants them.
struct TunnelFraming: StreamFraming {
  private var reader = TunnelFrameReader()

  var headByteCount: Int { TunnelFrames.headByteCount }
  var payloadByteLimit: Int { TunnelFrames.payloadByteLimit }

  func writeHead(of count: Int, into head: UnsafeMutableRawBufferPointer) {
    (head[0], head[1], head[2]) = TunnelFrames.head(of: count)
  }

  mutating func step(_ input: Span<UInt8>, _ cursor: inout Int) throws -> StreamFramingStep {
    switch try reader.step(input, &cursor) {
    case .payload(let range): .payload(range)
    case .ended: .ended
    case .needsMore: .needsMore
    }
  }
}
