import BlockingWork
import Glibc
import RegistryCore

/// One blob arriving in a staged file. Whoever fetches writes through the descriptor; what was verified is hashed out of
/// the page cache soon after, and its way to the disk begins.
final class DiskFetch: FetchSink {
  private enum Phase { case open, sealed, ended }

  let file: BlobFile
  private let digest: Digest
  private let size: Int64
  private let opened: any OpenFile
  private let store: DiskFetchStore
  private let hash: UploadDigest
  private let state: Lock<(phase: Phase, hashed: Int64)>

  private var blobs: DiskBlobStore { store.blobs }
  private var threads: DiskThreads { blobs.threads }
  private var files: any FileSystem { blobs.files }
  private var layout: DiskLayout { blobs.layout }

  init(_ digest: Digest, size: Int64, file opened: any OpenFile, store: DiskFetchStore) {
    (self.digest, self.size, self.opened, self.store) = (digest, size, opened, store)
    hash = UploadDigest(digest.algorithm, hashesLeaves: store.hashesTorrents)
    state = Lock((.open, 0))
    let threads = store.blobs.threads
    // The closure's reference keeps the file open for whoever writes into it.
    file = BlobFile(descriptor: opened.descriptor) { _ in threads.release(opened) }
  }

  func read(from offset: Int64, count: Int) async throws(RegistryError) -> [UInt8] {
    let wanted = Int(min(Int64(max(0, count)), max(0, size - offset)))
    guard wanted > 0, offset >= 0 else { return [] }
    let opened = opened
    return try await threads.read { () throws(FileFailure) in
      let bytes = try opened.bytes(at: offset, atMost: wanted)
      // The file has its full size from the start: somebody else cut it.
      guard bytes.count == wanted else { throw FileFailure("pread", EIO) }
      return bytes
    }
  }

  func write(_ bytes: [UInt8], at offset: Int64) async throws(RegistryError) {
    try mustBeOpen()
    guard offset >= 0, Int64(bytes.count) <= size - offset else {
      throw RegistryError(.internal, "bytes came for a place behind the end of the blob")
    }
    let opened = opened
    try await threads.write { () throws(FileFailure) in try opened.write([bytes][...], at: offset) }
  }

  func digest(upTo offset: Int64) async throws(RegistryError) {
    try mustBeOpen()
    let (opened, hash) = (opened, hash)
    var start = state.withLock { $0.hashed }
    while start < min(offset, size) {
      let (from, end) = (start, min(offset, size, start + UploadDigest.bytesPerTurn))
      try await threads.hash { () throws(FileFailure) in try hash.take(opened, from: from, to: end) }
      // Nobody writes here any more: what is sent to the disk now need not be waited for at the end.
      threads.writing.submit { opened.startWriteback(at: from, count: end - from) }
      state.withLock { $0.hashed = end }
      start = end
    }
  }

  func seal() async throws(RegistryError) -> SealedBlob {
    try await digest(upTo: size)
    guard let passed = hash.finish() else { throw Self.ended }
    guard passed.digest == digest else {
      await cancel()
      throw RegistryError(
        .digestInvalid, "the bytes that arrived have the digest \(passed.digest), not \(digest); they were dropped",
        detail: [passed.digest.description])
    }
    try await threads.write { () throws(FileFailure) in
      try self.opened.makeReadOnly()
      try self.opened.sync()
      try self.blobs.adopt(self.layout.fetch(self.digest), as: self.digest, size: self.size)
    }
    state.withLock { $0.phase = .sealed }
    return SealedBlob(digest: digest, size: size, ticket: passed.ticket)
  }

  func keep(note: [UInt8]) async throws(RegistryError) {
    try DiskFetchStore.mustBeBounded(note)
    guard state.withLock({ $0.phase != .ended }) else { throw Self.ended }
    try await threads.write { () throws(FileFailure) in
      try self.store.place(note, self.digest, size: self.size)
    }
  }

  func pause() async {
    state.withLock { $0.phase = .ended }
  }

  func cancel() async {
    let phase = state.withLock { state in
      defer { state.phase = .ended }
      return state.phase
    }
    if phase == .ended { return }
    let path = layout.fetch(digest)
    // The note first: bytes without one are nobody's, and swept at the next start like whatever cannot be removed now.
    try? await threads.write { () throws(FileFailure) in
      try present { () throws(FileFailure) in try self.files.unlink(self.layout.fetchNote(self.digest)) }
      if phase == .open { try present { () throws(FileFailure) in try self.files.unlink(path) } }
    }
  }

  private func mustBeOpen() throws(RegistryError) {
    guard state.withLock({ $0.phase == .open }) else { throw Self.ended }
  }

  private static let ended = RegistryError(.unavailable, "this fetch has ended; ask for the blob again")
}
