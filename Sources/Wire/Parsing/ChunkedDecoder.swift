/// The chunked transfer coding (RFC 9112 §7.1), strictly: CRLF only, sizes in range, extensions and trailers capped.
///
/// Pure, and takes its input in pieces of any size. Extensions are passed over; trailers are checked and dropped, since
/// nothing in them may change what was already acted upon.
struct ChunkedDecoder: Sendable {
  enum Malformed: Error, Hashable, Sendable {
    case sizeMissing
    case sizeTooLarge
    case extensionMalformed
    case extensionTooLong
    case lineEnd
    case trailerMalformed
    case trailersTooLong
  }

  /// What comes next in the input.
  enum Step: Equatable, Sendable {
    /// The input ended in the middle of framing.
    case needsMore
    /// So many bytes of body stand at the cursor, and the cursor was moved behind them.
    case data(Int)
    /// The body ended at the cursor.
    case end
  }

  static let extensionBytes = 256
  static let trailerBytes = 8 << 10

  private enum State: Equatable, Sendable {
    case size(digits: Int)
    case extensions
    case sizeLineFeed
    case data
    case dataCarriageReturn
    case dataLineFeed
    case trailerStart
    case trailerName
    case trailerValue
    case trailerLineFeed
    case endLineFeed
    case end
  }

  private var state = State.size(digits: 0)
  private var remaining: Int64 = 0
  private var overheadBytes = 0

  init() {}

  var isAtEnd: Bool { state == .end }

  /// Goes on from the cursor to the next thing that matters.
  mutating func step(_ input: Span<UInt8>, _ cursor: inout Int) throws(Malformed) -> Step {
    while true {
      if state == .end { return .end }
      guard cursor < input.count else { return .needsMore }
      if state == .data { return takeData(input, &cursor) }
      let byte = input[cursor]
      cursor += 1
      try advance(byte)
    }
  }

  private mutating func takeData(_ input: Span<UInt8>, _ cursor: inout Int) -> Step {
    let count = Int(min(remaining, Int64(input.count - cursor)))
    cursor += count
    remaining -= Int64(count)
    if remaining == 0 { state = .dataCarriageReturn }
    return .data(count)
  }

  private mutating func advance(_ byte: UInt8) throws(Malformed) {
    switch state {
    case .size(let digits): try advanceSize(byte, digits)
    case .extensions: try advanceExtension(byte)
    case .sizeLineFeed:
      try expect(byte, Octet.lineFeed)
      overheadBytes = 0
      state = remaining == 0 ? .trailerStart : .data
    case .dataCarriageReturn:
      try expect(byte, Octet.carriageReturn)
      state = .dataLineFeed
    case .dataLineFeed:
      try expect(byte, Octet.lineFeed)
      state = .size(digits: 0)
    case .trailerStart, .trailerName, .trailerValue, .trailerLineFeed: try advanceTrailer(byte)
    case .endLineFeed:
      try expect(byte, Octet.lineFeed)
      state = .end
    case .data, .end: break
    }
  }

  private func expect(_ byte: UInt8, _ wanted: UInt8) throws(Malformed) {
    guard byte == wanted else { throw .lineEnd }
  }

  private mutating func advanceSize(_ byte: UInt8, _ digits: Int) throws(Malformed) {
    if let value = Octet.hexValue(byte) {
      // Leading zeros count too: fifteen digits hold every size there is, and keep Int64 from overflowing.
      guard digits < 15 else { throw .sizeTooLarge }
      remaining = digits == 0 ? Int64(value) : remaining << 4 | Int64(value)
      state = .size(digits: digits + 1)
      return
    }
    guard digits > 0 else { throw .sizeMissing }
    switch byte {
    case Octet.carriageReturn: state = .sizeLineFeed
    case UInt8(ascii: ";"): state = .extensions
    default: throw .sizeMissing
    }
  }

  private mutating func advanceExtension(_ byte: UInt8) throws(Malformed) {
    if byte == Octet.carriageReturn {
      state = .sizeLineFeed
      return
    }
    guard Octet.isFieldText(byte) else { throw .extensionMalformed }
    overheadBytes += 1
    guard overheadBytes <= Self.extensionBytes else { throw .extensionTooLong }
  }

  private mutating func advanceTrailer(_ byte: UInt8) throws(Malformed) {
    overheadBytes += 1
    guard overheadBytes <= Self.trailerBytes else { throw .trailersTooLong }
    switch (state, byte) {
    case (.trailerStart, Octet.carriageReturn): state = .endLineFeed
    case (.trailerStart, _) where Octet.isToken(byte): state = .trailerName
    case (.trailerName, Octet.colon): state = .trailerValue
    case (.trailerName, _) where Octet.isToken(byte): break
    case (.trailerValue, Octet.carriageReturn): state = .trailerLineFeed
    case (.trailerValue, _) where Octet.isFieldText(byte): break
    case (.trailerLineFeed, Octet.lineFeed): state = .trailerStart
    default: throw .trailerMalformed
    }
  }
}
