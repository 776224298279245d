import RegistryCore

/// The staged file of one upload: where its next bytes go, and its end as a blob.
///
/// Opened with the first write and after each release, so that an upload that waits holds no descriptor.
final class UploadFile: @unchecked Sendable {
  // Unchecked: one thread at a time is in here, that of the writing lane or one that waited for the lane to be idle; the
  // lane's lock orders them.
  private let files: any FileSystem
  private let path: String
  private var file: (any OpenFile)?
  private var size: Int64
  private var sentToDisk: Int64

  /// Often enough that the sync at the end has little left to write, seldom enough that the disk sees long runs.
  private static let writebackBytes: Int64 = 8 << 20

  /// - Parameter size: of the file, which exists.
  init(files: any FileSystem, path: String, size: Int64) {
    self.files = files
    self.path = path
    self.size = size
    sentToDisk = size
  }

  func write(_ chunks: [[UInt8]]) throws(FileFailure) {
    let file = try open()
    try file.write(chunks[...], at: size)
    for chunk in chunks { size += Int64(chunk.count) }
    if size - sentToDisk >= Self.writebackBytes {
      file.startWriteback(at: sentToDisk, count: size - sentToDisk)
      sentToDisk = size
    }
  }

  func release() { file = nil }

  /// Makes bytes, size and mode durable, then the name.
  ///
  /// A file that is read-only was being sealed, and `DiskUploadStore` does not resume such a one: after a failed sync
  /// the kernel may call bytes clean that never reached the disk, and after a crash the file may have both its names.
  func seal(as digest: Digest, in blobs: DiskBlobStore) throws(FileFailure) -> Int64 {
    let file = try open()
    try file.makeReadOnly()
    try file.sync()
    release()
    try blobs.adopt(path, as: digest, size: size)
    return size
  }

  func remove() throws(FileFailure) {
    release()
    try present { () throws(FileFailure) in try files.unlink(path) }
  }

  private func open() throws(FileFailure) -> any OpenFile {
    if let file { return file }
    let opened = try files.open(path, .readAndWrite)
    file = opened
    return opened
  }
}
