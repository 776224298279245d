func randomBytes(_ count: Int, _ chance: inout SeededGenerator) -> [UInt8] {
  var bytes = [UInt8](repeating: 0, count: (count + 7) / 8 * 8)
  bytes.withUnsafeMutableBytes { buffer in
    for at in stride(from: 0, to: count, by: 8) {
      buffer.storeBytes(of: chance.next(), toByteOffset: at, as: UInt64.self)
    }
  }
  bytes.removeLast(bytes.count - count)
  return bytes
}

/// All of the bytes, in chunks of lengths that nobody would choose: some none, some one, some larger than a piece.
func forOddChunks(
  of bytes: [UInt8], _ chance: inout SeededGenerator, _ body: (UnsafeRawBufferPointer) -> Void
) {
  bytes.withUnsafeBytes { buffer in
    var start = 0
    while start < buffer.count {
      let longest = [1, 100, 20_000, 70_000, 300_000].randomElement(using: &chance)!
      let end = min(start + Int.random(in: 0...longest, using: &chance), buffer.count)
      body(UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
      start = end
    }
  }
}
