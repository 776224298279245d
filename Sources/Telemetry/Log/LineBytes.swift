/// The bytes of one line while it is put together. Everything from outside goes through `appendQuoted`.
///
/// An own buffer instead of an array: a line is some fifty small pieces, and with an array a line cost
/// half as much again.
struct LineBytes: ~Copyable {
  private var room: UnsafeMutableBufferPointer<UInt8>
  private var count = 0

  /// An access line has about 350 bytes. This much comes from the allocator's fast path.
  private static let usualCapacity = 1024

  init() { room = .allocate(capacity: Self.usualCapacity) }

  deinit { room.deallocate() }

  /// The pointer is good until `body` returns.
  borrowing func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    body(UnsafeBufferPointer(rebasing: room[..<count]))
  }

  mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { append($0) }
  }

  private mutating func append(_ byte: UInt8) {
    reserve(1)
    room[count] = byte
    count += 1
  }

  private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    reserve(bytes.count)
    _ = UnsafeMutableBufferPointer(rebasing: room[count...]).update(fromContentsOf: bytes)
    count += bytes.count
  }

  private mutating func reserve(_ more: Int) {
    guard count + more > room.count else { return }
    let larger = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(count + more, room.count * 2))
    _ = larger.update(fromContentsOf: room[..<count])
    room.deallocate()
    room = larger
  }

  mutating func append(_ number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    appendDigits(number.magnitude)
  }

  /// Three decimals, as durations in milliseconds need; in full where that would lose the number.
  mutating func append(_ number: Double) {
    let size = number.magnitude
    guard size == 0 || (0.001..<1e12).contains(size) else {
      for byte in number.description.utf8 { append(byte) }
      return
    }
    let thousandths = UInt64((size * 1000).rounded())
    if number < 0 { append(UInt8(ascii: "-")) }
    appendDigits(thousandths / 1000)
    append(UInt8(ascii: "."))
    appendDigits(thousandths % 1000, width: 3)
  }

  /// RFC 3339 in UTC. Computed anew each time: it costs less than finding a cached second under a lock.
  mutating func appendTimestamp(millisecondsSince1970 time: Int64) {
    let (days, millisecond) = time.flooredDivision(by: 86_400_000)
    let date = CivilDate(daysSince1970: days)
    let second = millisecond / 1000
    appendDigits(UInt64(max(date.year, 0)), width: 4)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(date.month), width: 2)
    append(UInt8(ascii: "-"))
    appendDigits(UInt64(date.day), width: 2)
    append(UInt8(ascii: "T"))
    appendDigits(UInt64(second / 3600), width: 2)
    append(UInt8(ascii: ":"))
    appendDigits(UInt64(second / 60 % 60), width: 2)
    append(UInt8(ascii: ":"))
    appendDigits(UInt64(second % 60), width: 2)
    append(UInt8(ascii: "."))
    appendDigits(UInt64(millisecond % 1000), width: 3)
    append(UInt8(ascii: "Z"))
  }

  private mutating func appendDigits(_ number: UInt64, width: Int = 1) {
    var (digits, rest) = (1, number)
    while rest >= 10 {
      rest /= 10
      digits += 1
    }
    digits = max(digits, width)
    reserve(digits)
    rest = number
    for at in stride(from: count + digits - 1, through: count, by: -1) {
      room[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    count += digits
  }
}

/// Text from outside.
extension LineBytes {
  mutating func appendQuoted(_ text: String) {
    Self.withBytes(of: text) { appendQuoted($0) }
  }

  mutating func appendQuotedIfNeeded(_ text: String) {
    Self.withBytes(of: text) { appendQuotedIfNeeded($0) }
  }

  /// In quotes, with JSON's escapes.
  mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
    append(UInt8(ascii: "\""))
    var (plainFrom, at) = (0, 0)
    while at < text.count {
      guard let escape = Escape(of: text, at: at) else {
        at += 1
        continue
      }
      append(UnsafeBufferPointer(rebasing: text[plainFrom..<at]))
      append(escape)
      at += escape.byteCount
      plainFrom = at
    }
    append(UnsafeBufferPointer(rebasing: text[plainFrom...]))
    append(UInt8(ascii: "\""))
  }

  /// logfmt leaves the quotes away where the value is one plain word.
  mutating func appendQuotedIfNeeded(_ text: UnsafeBufferPointer<UInt8>) {
    if !text.isEmpty, text.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }) {
      append(text)
    } else {
      appendQuoted(text)
    }
  }

  private mutating func append(_ escape: Escape) {
    append(UInt8(ascii: "\\"))
    guard escape.letter == UInt8(ascii: "u") else {
      append(escape.letter)
      return
    }
    append(UInt8(ascii: "u"))
    for shift in stride(from: 12, through: 0, by: -4) { append(hexDigit(escape.scalar >> shift & 15)) }
  }

  private func hexDigit(_ value: UInt16) -> UInt8 {
    UInt8(truncatingIfNeeded: value < 10 ? 0x30 + value : 0x57 + value)
  }

  private static func withBytes(of text: String, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    // Strings of this platform are contiguous; the copy is for one that is not.
    guard text.utf8.withContiguousStorageIfAvailable(body) == nil else { return }
    Array(text.utf8).withUnsafeBufferPointer(body)
  }
}
