import RegistryCore
import Synchronization

/// One request's turn at an upload. It ends by `leave`, `finish` or `cancel`; an error in any of its calls but `leave`
/// has ended it and dropped the upload.
public final class UploadVisit: Sendable {
  public let key: UploadKey
  private let sink: any UploadSink
  private let desk: UploadDesk
  private let limits: RegistryLimits
  private let hasEnded = Atomic<Bool>(false)

  init(_ key: UploadKey, _ sink: any UploadSink, _ desk: UploadDesk, _ limits: RegistryLimits) {
    self.key = key
    self.sink = sink
    self.desk = desk
    self.limits = limits
  }

  public var offset: Int64 { sink.offset }

  public func append(_ chunk: [UInt8]) async throws(RegistryError) {
    guard Int64(chunk.count) <= limits.blobBytes - sink.offset else {
      await cancel()
      throw RegistryError(.sizeInvalid, "a blob may have \(limits.blobBytes) bytes here; the upload was dropped")
    }
    try await orDrop { () async throws(RegistryError) in try await sink.append(chunk) }
  }

  /// Ends the turn; the upload waits for the next request. Does nothing when a failed call has ended it already, so that
  /// the first error is the one that the client reads.
  public func leave() async throws(RegistryError) {
    guard !hasEnded.load(ordering: .relaxed) else { return }
    try await orDrop { () async throws(RegistryError) in try await sink.settle() }
    desk.checkIn(key)
  }

  /// Ends the upload: its bytes are durable under the digest and linked to the repository, or the upload is gone.
  public func finish(as digest: Digest) async throws(RegistryError) -> StoredBlob {
    let blob = try await orDrop { () async throws(RegistryError) in
      try await desk.seal(sink, as: digest, for: key.repository)
    }
    desk.forget(key)
    return blob
  }

  public func cancel() async {
    hasEnded.store(true, ordering: .relaxed)
    await sink.cancel()
    desk.forget(key)
  }

  private func orDrop<Success>(
    _ body: () async throws(RegistryError) -> Success
  ) async throws(RegistryError) -> Success {
    do throws(RegistryError) {
      return try await body()
    } catch {
      await cancel()
      throw error
    }
  }
}
