@testable import BlobStoreDisk

/// Says yes to syncs and makes some of them not: the planted fault that the crash tests must find.
struct ForgetfulFileSystem: FileSystem {
  enum Fault: CaseIterable, Sendable { case filesAreNotSynced, foldersAreNotSynced, newFoldersAreNotSynced }

  let inner: any FileSystem
  let fault: Fault

  func open(_ path: String, _ access: FileAccess) throws(FileFailure) -> any OpenFile {
    let file = try inner.open(path, access)
    return fault == .filesAreNotSynced ? ForgetfulFile(inner: file) : file
  }

  func syncFolder(_ path: String) throws(FileFailure) {
    switch fault {
    case .filesAreNotSynced: try inner.syncFolder(path)
    case .foldersAreNotSynced: break
    case .newFoldersAreNotSynced:
      // Where blobs and shelved manifests are synced, not where their folders are made.
      let last = path.split(separator: "/").last.map(String.init) ?? ""
      if last.count == 2 || last.hasPrefix("sha") && path.contains("_manifests") { try inner.syncFolder(path) }
    }
  }

  func rename(_ path: String, to destination: String) throws(FileFailure) {
    try inner.rename(path, to: destination)
  }
  func unlink(_ path: String) throws(FileFailure) { try inner.unlink(path) }
  func makeFolder(_ path: String) throws(FileFailure) { try inner.makeFolder(path) }
  func names(in folder: String) throws(FileFailure) -> [String] { try inner.names(in: folder) }
  func status(of path: String) throws(FileFailure) -> FileStatus { try inner.status(of: path) }
}

private final class ForgetfulFile: OpenFile {
  private let inner: any OpenFile

  init(inner: any OpenFile) { self.inner = inner }

  var descriptor: Int32 { inner.descriptor }
  func status() throws(FileFailure) -> FileStatus { try inner.status() }
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileFailure) -> Int {
    try inner.read(into: buffer, at: offset)
  }
  func write(_ chunks: ArraySlice<[UInt8]>, at offset: Int64) throws(FileFailure) {
    try inner.write(chunks, at: offset)
  }
  func extend(to size: Int64) throws(FileFailure) { try inner.extend(to: size) }
  func startWriteback(at offset: Int64, count: Int64) { inner.startWriteback(at: offset, count: count) }
  func makeReadOnly() throws(FileFailure) { try inner.makeReadOnly() }
  func sync() throws(FileFailure) {}
}
