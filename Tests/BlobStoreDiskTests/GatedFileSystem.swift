import Dispatch

@testable import BlobStoreDisk

/// A disk whose writes wait at a gate.
struct GatedFileSystem: FileSystem {
  let inner: any FileSystem
  private let gate = DispatchSemaphore(value: 1)

  init(inner: any FileSystem) { self.inner = inner }

  /// Writes wait from here on, each on its thread of the writing pool.
  func close() { gate.wait() }

  func open() { gate.signal() }

  func open(_ path: String, _ access: FileAccess) throws(FileFailure) -> any OpenFile {
    GatedFile(inner: try inner.open(path, access), gate: gate)
  }

  func rename(_ path: String, to destination: String) throws(FileFailure) {
    try inner.rename(path, to: destination)
  }
  func unlink(_ path: String) throws(FileFailure) { try inner.unlink(path) }
  func makeFolder(_ path: String) throws(FileFailure) { try inner.makeFolder(path) }
  func syncFolder(_ path: String) throws(FileFailure) { try inner.syncFolder(path) }
  func names(in folder: String) throws(FileFailure) -> [String] { try inner.names(in: folder) }
  func status(of path: String) throws(FileFailure) -> FileStatus { try inner.status(of: path) }
}

private final class GatedFile: OpenFile {
  private let inner: any OpenFile
  private let gate: DispatchSemaphore

  init(inner: any OpenFile, gate: DispatchSemaphore) {
    self.inner = inner
    self.gate = gate
  }

  var descriptor: Int32 { inner.descriptor }

  func write(_ chunks: ArraySlice<[UInt8]>, at offset: Int64) throws(FileFailure) {
    gate.wait()
    defer { gate.signal() }
    try inner.write(chunks, at: offset)
  }

  func status() throws(FileFailure) -> FileStatus { try inner.status() }
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileFailure) -> Int {
    try inner.read(into: buffer, at: offset)
  }
  func extend(to size: Int64) throws(FileFailure) { try inner.extend(to: size) }
  func startWriteback(at offset: Int64, count: Int64) { inner.startWriteback(at: offset, count: count) }
  func makeReadOnly() throws(FileFailure) { try inner.makeReadOnly() }
  func sync() throws(FileFailure) { try inner.sync() }
}
