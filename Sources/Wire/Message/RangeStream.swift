extension Response.Body {
  /// A range of something that is read from anywhere, as it goes out: a piece when the socket took the one before.
  /// - Parameter read: so many bytes from there, or fewer, at least one.
  public static func range(
    _ range: Range<Int64>, read: @escaping @Sendable (_ offset: Int64, _ count: Int) async throws -> [UInt8]
  ) -> Response.Body {
    range.isEmpty ? .empty : .stream(length: range.upperBound - range.lowerBound, RangeStream(range, read))
  }
}

private final class RangeStream: ResponseStream, @unchecked Sendable {
  // Unchecked: a response is written by one task, one piece after the other.
  private var rest: Range<Int64>
  private let read: @Sendable (Int64, Int) async throws -> [UInt8]

  private static let pieceBytes: Int64 = 256 << 10

  init(_ range: Range<Int64>, _ read: @escaping @Sendable (Int64, Int) async throws -> [UInt8]) {
    rest = range
    self.read = read
  }

  func next() async throws -> [UInt8]? {
    guard !rest.isEmpty else { return nil }
    let piece = try await read(rest.lowerBound, Int(min(Self.pieceBytes, rest.upperBound - rest.lowerBound)))
    guard !piece.isEmpty else { throw EndedEarly() }
    rest = (rest.lowerBound + Int64(piece.count))..<rest.upperBound
    return piece
  }
}

/// Nothing was there where the response had promised bytes.
private struct EndedEarly: Error {}
