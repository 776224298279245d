import RegistryCore

/// The `Content-Range` of a chunk on its way in: `<first>-<last>`, both ends counted (distribution-spec 1.1, "Pushing a
/// blob in chunks"; not HTTP's own field of that name).
enum ChunkRange {
  /// How many bytes the chunk promises; `nil` when the client sent no range, as docker does.
  static func promise(_ header: String?, at offset: Int64, declared: Int64?) throws(RegistryError) -> Int64? {
    guard let header else { return nil }
    let range = try parse(header)
    guard range.lowerBound == offset else {
      throw RegistryError(
        .uploadRange, "this upload goes on at byte \(offset), not at \(range.lowerBound)", detail: ["\(offset)"])
    }
    let count = range.upperBound - range.lowerBound
    guard declared == nil || declared == count else {
      throw RegistryError(.sizeInvalid, "Content-Range promises \(count) bytes and Content-Length another number")
    }
    return count
  }

  private static func parse(_ header: String) throws(RegistryError) -> Range<Int64> {
    let ends = header.split(separator: "-", omittingEmptySubsequences: false).map { end in
      end.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int64(end) : nil
    }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last, last < Int64.max else {
      throw RegistryError(.uploadInvalid, "Content-Range is FIRST-LAST, both counted from 0; for example 0-1023")
    }
    return first..<(last + 1)
  }
}
