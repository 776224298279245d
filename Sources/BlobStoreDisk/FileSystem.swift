/// The few calls that the store makes, under which a test can put a file system that forgets what was not synced.
///
/// All calls block: they are made on the store's own threads only. Paths come from `DiskLayout`. Each call is what its
/// namesake of Linux is and nothing more; what is not synced may be gone after a crash.
protocol FileSystem: Sendable {
  func open(_ path: String, _ access: FileAccess) throws(FileFailure) -> any OpenFile
  func rename(_ path: String, to destination: String) throws(FileFailure)
  func unlink(_ path: String) throws(FileFailure)
  /// Mode 0700. The folder above must exist.
  func makeFolder(_ path: String) throws(FileFailure)
  /// Makes the names in a folder durable.
  func syncFolder(_ path: String) throws(FileFailure)
  /// The names in a folder, in no order, without `.` and `..`.
  func names(in folder: String) throws(FileFailure) -> [String]
  func status(of path: String) throws(FileFailure) -> FileStatus
}

enum FileAccess: Sendable {
  case read
  case readAndWrite
  /// A new file of mode 0600, read and written; `EEXIST` when there is one.
  case create
}

/// An open file; closed when the last reference goes. One thread at a time, except for `read`, which any may call.
protocol OpenFile: AnyObject, Sendable {
  var descriptor: Int32 { get }
  func status() throws(FileFailure) -> FileStatus
  /// Fewer bytes than asked for at the end of the file only.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileFailure) -> Int
  /// Writes all of the chunks, one behind the other.
  func write(_ chunks: ArraySlice<[UInt8]>, at offset: Int64) throws(FileFailure)
  /// Makes the file longer; what is between reads as zeros and takes no room yet.
  func extend(to size: Int64) throws(FileFailure)
  /// Asks the disk to begin with a range, so that the sync at the end is short. A hint: it promises nothing.
  func startWriteback(at offset: Int64, count: Int64)
  /// Mode 0444; durable with the next `sync`.
  func makeReadOnly() throws(FileFailure)
  /// Makes the bytes, the size and the mode durable; not the name.
  func sync() throws(FileFailure)
}

extension OpenFile {
  func bytes(at offset: Int64, atMost count: Int) throws(FileFailure) -> [UInt8] {
    var failure: FileFailure?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(FileFailure) {
        initialized = try read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }
}

struct FileStatus: Hashable, Sendable {
  enum Kind: Hashable, Sendable { case file, folder, other }

  let kind: Kind
  let size: Int64
  let isWritable: Bool
  /// No name leads to it any more; the bytes go when it is closed.
  let isUnlinked: Bool
  /// By the file system's own clock.
  let secondsSinceModified: Int64
}

/// A call that failed, and why.
struct FileFailure: Error, Hashable {
  let call: String
  let code: Int32

  init(_ call: String, _ code: Int32) {
    self.call = call
    self.code = code
  }
}
