import Glibc
import RegistryCore

/// Uploads as staged files. A file's name binds it to its repository and its size is the upload's offset, so that an
/// upload outlives the node with no other record.
public struct DiskUploadStore: UploadStore {
  let blobs: DiskBlobStore
  /// Uploads leave tickets for torrents.
  private let hashesTorrents: Bool
  private let room = ByteRoom(limit: Self.waitingBytesLimit)

  private var files: any FileSystem { blobs.files }
  private var layout: DiskLayout { blobs.layout }
  private var threads: DiskThreads { blobs.threads }

  /// Bytes of all uploads together that were accepted and wait for their hash or their write.
  static let waitingBytesLimit = 128 << 20

  init(blobs: DiskBlobStore, hashesTorrents: Bool) {
    self.blobs = blobs
    self.hashesTorrents = hashesTorrents
  }

  public func begin(_ key: UploadKey, algorithm: Digest.Algorithm) async throws(RegistryError) -> any UploadSink {
    let path = layout.upload(key)
    try await threads.write { () throws(FileFailure) in _ = try files.open(path, .create) }
    let digest = UploadDigest(algorithm, hashesLeaves: hashesTorrents)
    return DiskUpload(path: path, size: 0, digest: digest, blobs: blobs, room: room)
  }

  public func resume(_ key: UploadKey, algorithm: Digest.Algorithm) async throws(RegistryError) -> (any UploadSink)? {
    let path = layout.upload(key)
    guard let size = try await threads.write({ () throws(FileFailure) in try resumableSize(path) }) else { return nil }
    let digest = UploadDigest(algorithm, hashesLeaves: hashesTorrents)
    try await digest.takeFile(path, size: size, files: files, threads: threads)
    return DiskUpload(path: path, size: size, digest: digest, blobs: blobs, room: room)
  }

  public func discard(_ key: UploadKey) async throws(RegistryError) -> Bool {
    try await threads.write { () throws(FileFailure) in try discard(layout.upload(key)) }
  }

  public func sweep(idleForSeconds seconds: Int, keeping: Set<UploadID>) async throws(RegistryError) -> Int {
    try await threads.write { () throws(FileFailure) in
      var swept = 0
      for name in try files.names(in: layout.uploads) {
        if let id = layout.uploadID(ofFileNamed: name), keeping.contains(id) { continue }
        let path = layout.upload(fileNamed: name)
        let status = try present { () throws(FileFailure) in try files.status(of: path) }
        guard let status, status.secondsSinceModified >= seconds else { continue }
        if try discard(path) { swept += 1 }
      }
      return swept
    }
  }

  /// The size of a staged file that may be gone on with. One that was being sealed may not (see `UploadFile.seal`): it
  /// goes, and its client, who had no answer, begins anew.
  private func resumableSize(_ path: String) throws(FileFailure) -> Int64? {
    guard let status = try present({ () throws(FileFailure) in try files.status(of: path) }) else { return nil }
    if status.isWritable { return status.size }
    _ = try discard(path)
    return nil
  }

  private func discard(_ path: String) throws(FileFailure) -> Bool {
    try present { () throws(FileFailure) in try files.unlink(path) } != nil
  }
}
