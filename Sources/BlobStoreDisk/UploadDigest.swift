import Glibc
import RegistryCore

/// The running pass over one upload's bytes.
final class UploadDigest: @unchecked Sendable {
  // Unchecked: one thread at a time is in here, that of the hashing lane or one that waited for the lane to be idle; the
  // lane's lock orders them.
  private var pass: BytePass?
  let algorithm: Digest.Algorithm

  /// Read at once; small enough to stay in the cache until it is hashed.
  private static let readBytes = 256 << 10
  /// Hashed before the thread is given back.
  static let bytesPerTurn: Int64 = 16 << 20

  init(_ algorithm: Digest.Algorithm, hashesLeaves: Bool) {
    self.algorithm = algorithm
    pass = BytePass(algorithm, hashesLeaves: hashesLeaves)
  }

  /// - Parameter help: runs its argument on another thread when one is free, soon or never.
  func take(_ chunks: [[UInt8]], help: (@escaping @Sendable () -> Void) -> Void) {
    pass?.take(chunks, help: help)
  }

  /// `nil` when it was finished before.
  func finish() -> PassedBytes? { pass.take()?.finish() }

  /// Takes what a file holds already, in turns, each on a hashing thread.
  func takeFile(_ path: String, size: Int64, files: any FileSystem, threads: DiskThreads) async throws(RegistryError) {
    guard size > 0 else { return }
    let file = try await threads.hash { () throws(FileFailure) in try files.open(path, .read) }
    var offset: Int64 = 0
    while offset < size {
      let (start, end) = (offset, min(size, offset + Self.bytesPerTurn))
      try await threads.hash { () throws(FileFailure) in try self.take(file, from: start, to: end) }
      offset = end
    }
  }

  /// Takes a part of an open file; the caller is on a hashing thread.
  func take(_ file: any OpenFile, from start: Int64, to end: Int64) throws(FileFailure) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.readBytes, alignment: 4096)
    defer { buffer.deallocate() }
    var offset = start
    while offset < end {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<Int(min(end - offset, Int64(Self.readBytes)))])
      // Nobody but this upload touches the file: one that became shorter is a fault of the disk.
      guard try file.read(into: part, at: offset) == part.count else { throw FileFailure("pread", EIO) }
      pass?.take(UnsafeRawBufferPointer(part))
      offset += Int64(part.count)
    }
  }
}
