/// A parsed head: offsets into the bytes it was read from, no heap, no copy.
///
/// The fields stand inline, so the value is about 900 bytes; it lives on the stack of one call.
struct RequestHead: ~Copyable {
  static let maximumFields = 100

  enum Framing: Sendable, Equatable {
    case none
    case length(Int64)
    case chunked
  }

  var method = TextRange.empty
  /// The path as sent, of an absolute-form target too. Empty there when the URI has none: read it as `/`.
  var path = TextRange.empty
  var query: TextRange?
  /// Of an absolute-form target: it stands in for the Host field (RFC 9112 §3.2.2).
  var authority: TextRange?
  var isVersion11 = false
  var framing = Framing.none
  var keepsAlive = false
  var expectsContinue = false
  /// Bytes from the first of the request line to the last of the empty line.
  var byteCount = 0

  private(set) var fieldCount = 0
  private var fields = InlineArray<100, FieldRange>(repeating: .empty)

  subscript(field index: Int) -> FieldRange { fields[index] }

  var fieldRanges: [FieldRange] {
    Array(unsafeUninitializedCapacity: fieldCount) { buffer, count in
      for index in 0..<fieldCount { buffer.initializeElement(at: index, to: fields[index]) }
      count = fieldCount
    }
  }

  mutating func append(_ field: FieldRange) {
    fields[fieldCount] = field
    fieldCount += 1
  }
}
