import FleetCore
import SwarmCore
import Testing

@Suite struct TunnelBytesTests {
  private static let hash = (0..<20).map { UInt8($0) }

  @Test func aPrefaceIsReadAsItWasWritten() throws {
    let preface = try #require(TunnelPreface(torrent: Self.hash))
    #expect(preface.bytes.count == TunnelPreface.byteCount)
    #expect(TunnelPreface(bytes: preface.bytes) == preface)
    #expect(TunnelPreface(torrent: Self.hash, version: 9).flatMap { TunnelPreface(bytes: $0.bytes) }?.version == 9)
  }

  @Test func whatIsNoPrefaceIsNone() throws {
    let bytes = try #require(TunnelPreface(torrent: Self.hash)).bytes
    #expect(TunnelPreface(bytes: bytes.dropLast()) == nil)
    #expect(TunnelPreface(bytes: bytes + [0]) == nil)
    #expect(TunnelPreface(bytes: [0x13] + bytes.dropFirst()) == nil)
    #expect(TunnelPreface(torrent: Array(Self.hash.dropFirst())) == nil)
  }

  private func frame(_ payload: [UInt8]) -> [UInt8] {
    let head = TunnelFrames.head(of: payload.count)
    return [head.0, head.1, head.2] + payload
  }

  /// The payload of an input that comes in pieces.
  private func read(_ pieces: [[UInt8]], _ reader: inout TunnelFrameReader) throws -> [UInt8] {
    var payload: [UInt8] = []
    for piece in pieces {
      var cursor = 0
      reading: while true {
        switch try reader.step(piece.span, &cursor) {
        case .payload(let range): payload += piece[range]
        case .ended, .needsMore: break reading
        }
      }
    }
    return payload
  }

  @Test(arguments: 1...40) func framesAreReadHoweverTheyAreCut(seed: UInt64) throws {
    var chance = SplitMix64(seed: seed)
    var (sent, bytes): ([UInt8], [UInt8]) = ([], [])
    for _ in 0..<chance.below(12) {
      let longest = chance.below(10) == 0 ? TunnelFrames.payloadByteLimit : 300
      let payload = (0..<1 + chance.below(longest)).map { _ in UInt8(truncatingIfNeeded: chance.next()) }
      sent += payload
      bytes += frame(payload)
    }
    bytes += frame([])
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let piece = rest.prefix(1 + chance.below(chance.below(2) == 0 ? 5 : 100_000))
      pieces.append(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    var reader = TunnelFrameReader()
    #expect(try read(pieces, &reader) == sent, "seed \(seed)")
    #expect(reader.hasEnded)
    #expect(reader.isAtStart)
  }

  @Test func nothingIsTakenBehindAnEnd() throws {
    var reader = TunnelFrameReader()
    let bytes = frame([1]) + frame([]) + frame([2])
    var cursor = 0
    #expect(try reader.step(bytes.span, &cursor) == .payload(3..<4))
    #expect(try reader.step(bytes.span, &cursor) == .ended)
    #expect(cursor == 7)
    #expect(try reader.step(bytes.span, &cursor) == .ended)
    #expect(cursor == 7)
  }

  @Test func aFrameThatIsTooLongIsRefused() {
    var reader = TunnelFrameReader()
    var cursor = 0
    let bytes: [UInt8] = [0, 0xff, 0xfd, 0]
    #expect(throws: TunnelFrameReader.Malformed.self) { try reader.step(bytes.span, &cursor) }
  }

  @Test func aFrameThatBreaksOffIsNotAtItsStart() throws {
    var reader = TunnelFrameReader()
    #expect(try read([[0, 0]], &reader).isEmpty)
    #expect(!reader.isAtStart)
    #expect(try read([[5, 1, 2]], &reader) == [1, 2])
    #expect(!reader.isAtStart)
  }
}
