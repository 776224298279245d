import CLinux
import Glibc

/// A file descriptor and the calls on it.
final class LinuxFile: OpenFile {
  let descriptor: Int32

  /// Far below the kernel's 1,024 pieces a call; a batch of full chunks has eight.
  private static let piecesPerCall = 64

  init(descriptor: Int32) { self.descriptor = descriptor }

  // What a failed close could tell is known by then: whoever needs the bytes has synced them.
  deinit { close(descriptor) }

  func status() throws(FileFailure) -> FileStatus {
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { throw FileFailure("fstat", errno) }
    return FileStatus(facts)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileFailure) -> Int {
    var filled = 0
    while filled < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset) + off_t(filled))
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        throw FileFailure("pread", code)
      }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  func write(_ chunks: ArraySlice<[UInt8]>, at offset: Int64) throws(FileFailure) {
    var offset = offset
    var rest = chunks
    while !rest.isEmpty {
      let group = rest.prefix(Self.piecesPerCall)
      var pieces: [iovec] = []
      pieces.reserveCapacity(group.count)
      offset += try withPieces(group, &pieces) { pieces throws(FileFailure) in try writeAll(&pieces, at: offset) }
      rest = rest.dropFirst(Self.piecesPerCall)
    }
  }

  func extend(to size: Int64) throws(FileFailure) {
    guard ftruncate(descriptor, off_t(size)) == 0 else { throw FileFailure("ftruncate", errno) }
  }

  func startWriteback(at offset: Int64, count: Int64) {
    _ = shoal_start_writeback(descriptor, offset, count)
  }

  func makeReadOnly() throws(FileFailure) {
    guard fchmod(descriptor, 0o444) == 0 else { throw FileFailure("fchmod", errno) }
  }

  func sync() throws(FileFailure) {
    guard fsync(descriptor) == 0 else { throw FileFailure("fsync", errno) }
  }

  /// Nests one borrow per chunk, so that all are held in place, uncopied, while the kernel reads them.
  private func withPieces(
    _ chunks: ArraySlice<[UInt8]>, _ pieces: inout [iovec],
    _ body: (inout [iovec]) throws(FileFailure) -> Int64
  ) throws(FileFailure) -> Int64 {
    guard let chunk = chunks.first else { return try body(&pieces) }
    return try chunk.withUnsafeBufferPointer { bytes throws(FileFailure) in
      if let base = bytes.baseAddress, !bytes.isEmpty {
        pieces.append(iovec(iov_base: UnsafeMutableRawPointer(mutating: base), iov_len: bytes.count))
      }
      return try withPieces(chunks.dropFirst(), &pieces, body)
    }
  }

  private func writeAll(_ pieces: inout [iovec], at offset: Int64) throws(FileFailure) -> Int64 {
    var written: Int64 = 0
    var first = 0
    while first < pieces.count {
      let count = pieces.withUnsafeBufferPointer { buffer in
        pwritev(descriptor, buffer.baseAddress! + first, Int32(buffer.count - first), off_t(offset + written))
      }
      if count < 0 {
        let code = errno
        if code == EINTR { continue }
        throw FileFailure("pwritev", code)
      }
      // A regular file that takes nothing and says nothing: do not spin on it.
      if count == 0 { throw FileFailure("pwritev", EIO) }
      written += Int64(count)
      first = Self.drop(count, from: &pieces, startingAt: first)
    }
    return written
  }

  /// Takes what was written off the front and returns the first piece that still has bytes.
  private static func drop(_ count: Int, from pieces: inout [iovec], startingAt first: Int) -> Int {
    var left = count
    var at = first
    while at < pieces.count, left >= pieces[at].iov_len {
      left -= pieces[at].iov_len
      at += 1
    }
    if left > 0 {
      pieces[at].iov_base += left
      pieces[at].iov_len -= left
    }
    return at
  }
}
