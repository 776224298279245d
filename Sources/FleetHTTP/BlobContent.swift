import RegistryCore
import Wire

extension BlobReader {
  /// A file goes out by the kernel; a blob that still arrives in pieces, as they come.
  func content(of range: Range<Int64>) -> Response.Body {
    guard let file, !range.isEmpty else { return .range(range) { try await self.read(from: $0, count: $1) } }
    let count = range.upperBound - range.lowerBound
    return .file(FileRegion(descriptor: file.descriptor, offset: range.lowerBound, count: count, owner: file))
  }
}
