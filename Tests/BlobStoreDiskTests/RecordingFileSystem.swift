import BlockingWork
import Glibc

@testable import BlobStoreDisk

/// A file system in memory that writes down each step, so that a crash can be played after any of them; a call can be
/// made to fail from some moment on.
final class RecordingFileSystem: FileSystem {
  struct Record: Sendable {
    let step: MemoryDisk.Step
    /// The call and the path as a person reads them.
    let call: String
  }

  private struct State {
    var disk: MemoryDisk
    var records: [Record]
    var lastNode: Int
    var failures: [String: Int32] = [:]
  }

  /// The durable state that the records begin from.
  let origin: MemoryDisk
  private let state: Lock<State>

  /// - Parameter records: what happened since `origin` in an earlier life, of which nothing need be durable.
  init(origin: MemoryDisk = MemoryDisk(), records: some Sequence<Record> = []) {
    self.origin = origin
    var disk = origin
    for record in records { disk.apply(record.step) }
    state = Lock(State(disk: disk, records: Array(records), lastNode: disk.nodes.keys.max() ?? 0))
  }

  var disk: MemoryDisk { state.withLock { $0.disk } }

  var records: [Record] { state.withLock { $0.records } }

  var stepCount: Int { state.withLock { $0.records.count } }

  /// From now on calls of this name fail so; `nil`: they go through again.
  func fail(_ call: String, with code: Int32?) {
    state.withLock { $0.failures[call] = code }
  }

  func open(_ path: String, _ access: FileAccess) throws(FileFailure) -> any OpenFile {
    try mayGoOn("open")
    let number: Int
    if case .create = access {
      number = try make(path, isFolder: false, call: "create")
    } else {
      let found = try state.withLock { state throws(FileFailure) in (try state.disk.find(path), state.disk) }
      number = found.0
      if case .readAndWrite = access, !found.1.node(number).isWritable { throw FileFailure("open", EACCES) }
    }
    return RecordingFile(number: number, path: path, files: self)
  }

  func rename(_ path: String, to destination: String) throws(FileFailure) {
    try mayGoOn("rename")
    try perform("rename \(path) \(destination)") { state throws(FileFailure) in
      .rename(try state.disk.find(path), from: try state.disk.place(path), to: try state.disk.place(destination))
    }
  }

  func unlink(_ path: String) throws(FileFailure) {
    try mayGoOn("unlink")
    try perform("unlink \(path)") { state throws(FileFailure) in
      _ = try state.disk.find(path)
      return .unlink(try state.disk.place(path))
    }
  }

  func makeFolder(_ path: String) throws(FileFailure) {
    try mayGoOn("mkdir")
    _ = try make(path, isFolder: true, call: "mkdir")
  }

  func syncFolder(_ path: String) throws(FileFailure) {
    try mayGoOn("fsync folder")
    try perform("fsync \(path)") { state throws(FileFailure) in .syncFolder(try state.disk.find(path)) }
  }

  func names(in folder: String) throws(FileFailure) -> [String] {
    try mayGoOn("opendir")
    return try state.withLock { state throws(FileFailure) in
      let node = state.disk.node(try state.disk.find(folder))
      guard node.isFolder else { throw FileFailure("opendir", ENOTDIR) }
      return Array(node.names.keys)
    }
  }

  func status(of path: String) throws(FileFailure) -> FileStatus {
    try mayGoOn("lstat")
    return try state.withLock { state throws(FileFailure) in FileStatus(state.disk.node(try state.disk.find(path))) }
  }

  fileprivate func mayGoOn(_ call: String) throws(FileFailure) {
    if let code = state.withLock({ $0.failures[call] }) { throw FileFailure(call, code) }
  }

  private func make(_ path: String, isFolder: Bool, call: String) throws(FileFailure) -> Int {
    try state.withLock { state throws(FileFailure) in
      let name = try state.disk.place(path)
      guard state.disk.node(name.folder).names[name.text] == nil else { throw FileFailure(call, EEXIST) }
      state.lastNode += 1
      Self.add(.make(state.lastNode, isFolder: isFolder, name), "\(call) \(path)", &state)
      return state.lastNode
    }
  }

  private func perform(
    _ call: String, _ step: (inout State) throws(FileFailure) -> MemoryDisk.Step
  ) throws(FileFailure) {
    try state.withLock { state throws(FileFailure) in Self.add(try step(&state), call, &state) }
  }

  fileprivate func perform(_ call: String, _ step: MemoryDisk.Step) {
    state.withLock { Self.add(step, call, &$0) }
  }

  private static func add(_ step: MemoryDisk.Step, _ call: String, _ state: inout State) {
    state.disk.apply(step)
    state.records.append(Record(step: step, call: call))
  }
}

/// A file of it. It goes on when its name is gone.
final class RecordingFile: OpenFile {
  private let number: Int
  private let path: String
  private let files: RecordingFileSystem

  init(number: Int, path: String, files: RecordingFileSystem) {
    self.number = number
    self.path = path
    self.files = files
  }

  var descriptor: Int32 { -1 }

  func status() -> FileStatus { FileStatus(files.disk.node(number)) }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(FileFailure) -> Int {
    try files.mayGoOn("pread")
    let bytes = files.disk.node(number).bytes.dropFirst(Int(offset)).prefix(buffer.count)
    buffer.copyBytes(from: bytes)
    return bytes.count
  }

  func write(_ chunks: ArraySlice<[UInt8]>, at offset: Int64) throws(FileFailure) {
    try files.mayGoOn("pwritev")
    files.perform("pwritev \(path)", .write(number, chunks.reduce(into: []) { $0 += $1 }, at: Int(offset)))
  }

  func extend(to size: Int64) throws(FileFailure) {
    try files.mayGoOn("ftruncate")
    files.perform("ftruncate \(path)", .write(number, [], at: Int(size)))
  }

  func startWriteback(at offset: Int64, count: Int64) {}

  func makeReadOnly() throws(FileFailure) {
    try files.mayGoOn("fchmod")
    files.perform("fchmod \(path)", .makeReadOnly(number))
  }

  func sync() throws(FileFailure) {
    try files.mayGoOn("fsync")
    files.perform("fsync \(path)", .syncFile(number))
  }
}

extension FileStatus {
  init(_ node: MemoryDisk.Node) {
    self.init(
      kind: node.isFolder ? .folder : .file, size: Int64(node.bytes.count), isWritable: node.isWritable,
      isUnlinked: false, secondsSinceModified: 0)
  }
}
