import RegistryCore
import Wire

extension BlobReader {
  /// A file goes out by the kernel where it can; a blob that still arrives in pieces, as they come.
  func content(of range: Range<Int64>) -> Response.Body {
    let count = range.upperBound - range.lowerBound
    guard count > 0 else { return .empty }
    guard let file else { return .stream(length: count, BlobContent(self, range)) }
    return .file(FileRegion(descriptor: file.descriptor, offset: range.lowerBound, count: count, owner: file))
  }
}

/// A blob without a file, read piece by piece.
private final class BlobContent: ResponseStream, @unchecked Sendable {
  // Unchecked: a response is written by one task, one piece after the other.
  private let reader: any BlobReader
  private var rest: Range<Int64>

  private static let pieceBytes: Int64 = 256 << 10

  init(_ reader: any BlobReader, _ range: Range<Int64>) {
    self.reader = reader
    rest = range
  }

  func next() async throws -> [UInt8]? {
    guard !rest.isEmpty else { return nil }
    let count = min(Self.pieceBytes, rest.upperBound - rest.lowerBound)
    let piece = try await reader.read(from: rest.lowerBound, count: Int(count))
    guard !piece.isEmpty else { throw RegistryError(.internal, "a blob ended early") }
    rest = (rest.lowerBound + Int64(piece.count))..<rest.upperBound
    return piece
  }
}
