import Glibc
import RegistryCore

/// An open blob. It reads the same bytes also when the blob's name goes away meanwhile.
struct DiskBlobReader: BlobReader {
  let size: Int64
  let file: BlobFile?
  private let opened: any OpenFile
  private let threads: DiskThreads

  init(file opened: any OpenFile, size: Int64, threads: DiskThreads) {
    self.size = size
    self.opened = opened
    self.threads = threads
    // The closure's reference is what keeps the file open; the last one to go closes it.
    file = BlobFile(descriptor: opened.descriptor) { _ in threads.release(opened) }
  }

  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    let wanted = Int(min(Int64(max(0, count)), max(0, size - offset)))
    guard wanted > 0, offset >= 0 else { return [] }
    let opened = opened
    return try await threads.read { () throws(FileFailure) in
      let bytes = try opened.bytes(at: offset, atMost: wanted)
      // A blob never shrinks: somebody else cut the file.
      guard bytes.count == wanted else { throw FileFailure("pread", EIO) }
      return bytes
    }
  }
}
