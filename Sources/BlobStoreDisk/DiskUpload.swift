import BlockingWork
import RegistryCore

/// One upload into a staged file. Each chunk goes to a hashing thread and to a writing thread at once, uncopied; the
/// caller reads the next one from its socket meanwhile.
final class DiskUpload: UploadSink {
  private enum Phase { case open, sealing, ended }

  private let path: String
  private let blobs: DiskBlobStore
  private let flow: UploadFlow
  private let file: UploadFile
  private let digest: UploadDigest
  private let hashing: ChunkLane
  private let writing: ChunkLane
  private let phase = Lock(Phase.open)

  private var threads: DiskThreads { blobs.threads }

  /// Accepted bytes that wait for their hash or their write: what keeps both lanes busy, and no more.
  static let waitingBytesLimit = 2 << 20

  /// - Parameter digest: has taken the `size` bytes that the file holds already.
  init(path: String, size: Int64, digest: UploadDigest, blobs: DiskBlobStore, room: ByteRoom) {
    let flow = UploadFlow(accepted: size, limit: Self.waitingBytesLimit, node: room)
    let file = UploadFile(files: blobs.files, path: path, size: size)
    (self.path, self.blobs, self.flow, self.file, self.digest) = (path, blobs, flow, file, digest)
    let pool = blobs.threads.hashing
    hashing = ChunkLane(pool: pool) { chunks in
      if flow.failure == nil { digest.take(chunks, help: pool.submit) }
      flow.pass(.hashing, chunks)
    }
    writing = ChunkLane(pool: blobs.threads.writing) { chunks in
      if flow.failure == nil {
        do throws(FileFailure) { try file.write(chunks) } catch { flow.fail(error) }
      }
      flow.pass(.writing, chunks)
    }
  }

  var offset: Int64 { flow.accepted }

  func append(_ chunk: [UInt8]) async throws(RegistryError) {
    try mustBeOpen()
    if chunk.isEmpty { return }
    await flow.accept(chunk)
    hashing.push(chunk)
    writing.push(chunk)
  }

  func settle() async throws(RegistryError) {
    try mustBeOpen()
    await lanesIdle()
    try await threads.write { () throws(FileFailure) in self.file.release() }
    try mustNotHaveFailed()
  }

  func seal(as expected: Digest) async throws(RegistryError) -> SealedBlob {
    try mustBeOpen()
    phase.withLock { $0 = .sealing }
    await lanesIdle()
    try mustNotHaveFailed()
    let passed = try await finishPass(expected.algorithm)
    guard passed.digest == expected else {
      await cancel()
      throw RegistryError(
        .digestInvalid,
        "the bytes that arrived have the digest \(passed.digest), not \(expected); upload them again",
        detail: [passed.digest.description])
    }
    let size = try await threads.write { () throws(FileFailure) in
      try self.file.seal(as: expected, in: self.blobs)
    }
    phase.withLock { $0 = .ended }
    return SealedBlob(digest: expected, size: size, ticket: passed.ticket)
  }

  func cancel() async {
    let hadEnded = phase.withLock { phase in
      defer { phase = .ended }
      return phase == .ended
    }
    if hadEnded { return }
    await lanesIdle()
    // What cannot be removed now expires like any other upload that nobody goes on with.
    try? await threads.write { () throws(FileFailure) in try self.file.remove() }
  }

  /// The digest under the algorithm asked for, and the leaves. For another algorithm than was expected the file is read
  /// once more; the leaves are the same under either.
  private func finishPass(_ algorithm: Digest.Algorithm) async throws(RegistryError) -> PassedBytes {
    guard let passed = digest.finish() else { throw Self.ended }
    if algorithm == digest.algorithm { return passed }
    let other = UploadDigest(algorithm, hashesLeaves: false)
    try await other.takeFile(path, size: offset, files: blobs.files, threads: threads)
    guard let found = other.finish() else { throw Self.ended }
    return PassedBytes(digest: found.digest, leaves: passed.leaves)
  }

  private func lanesIdle() async {
    await writing.idle()
    await hashing.idle()
  }

  private func mustBeOpen() throws(RegistryError) {
    guard phase.withLock({ $0 == .open }) else { throw Self.ended }
    try mustNotHaveFailed()
  }

  private func mustNotHaveFailed() throws(RegistryError) {
    if let failure = flow.failure { throw RegistryError(failure) }
  }

  private static let ended = RegistryError(
    .uploadUnknown, "this upload has ended; start again with POST /v2/NAME/blobs/uploads/")
}
