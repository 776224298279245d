/// Bytes that came from the socket before somebody asked for them: a head in pieces, pipelined requests, the start of a
/// body. Without heap storage while it is empty.
struct InputBuffer {
  private var bytes: [UInt8] = []
  private var start = 0

  init() {}

  var count: Int { bytes.count - start }
  var isEmpty: Bool { start == bytes.count }

  func withSpan<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    body(bytes.span.extracting(start...))
  }

  mutating func append(_ more: UnsafeRawBufferPointer) {
    bytes.append(contentsOf: more)
  }

  mutating func consume(_ count: Int) {
    start += count
    if start == bytes.count { self = InputBuffer() }
  }

  /// Moves as much as fits to the front of the buffer.
  mutating func take(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let taken = min(count, buffer.count)
    guard taken > 0 else { return 0 }
    _ = buffer.update(fromContentsOf: bytes[start..<start + taken])
    consume(taken)
    return taken
  }

  /// Gives back what was taken too much; it stands before everything else.
  mutating func putBack(_ surplus: ArraySlice<UInt8>) {
    bytes.replaceSubrange(..<start, with: surplus)
    start = 0
  }

  mutating func removeAll() { self = InputBuffer() }
}
