import Glibc
import RegistryCore

/// Fetches as staged files of their full size, with holes where nothing arrived yet, and a note beside each.
public struct DiskFetchStore: FetchStore {
  let blobs: DiskBlobStore
  /// Fetches leave tickets for torrents, made of the bytes that arrived and not of what was said of them.
  let hashesTorrents: Bool

  private var files: any FileSystem { blobs.files }
  private var layout: DiskLayout { blobs.layout }

  /// A note holds the info dictionary of a torrent and little else.
  static let noteBytesLimit = 32 << 20

  init(blobs: DiskBlobStore, hashesTorrents: Bool) {
    self.blobs = blobs
    self.hashesTorrents = hashesTorrents
  }

  public func begin(_ digest: Digest, size: Int64, note: [UInt8]) async throws(RegistryError) -> any FetchSink {
    try Self.mustBeBounded(note)
    let file = try await blobs.threads.write { () throws(FileFailure) in
      try blobs.folders.ensure(layout.fetches)
      // The file before its note: a note that is found always says what may be gone on with.
      let file = try openStaged(layout.fetch(digest), size: size)
      try place(note, digest, size: size)
      return file
    }
    return DiskFetch(digest, size: size, file: file, store: self)
  }

  public func unfinished() async throws(RegistryError) -> [UnfinishedFetch] {
    try await blobs.threads.read { () throws(FileFailure) in
      var found: [UnfinishedFetch] = []
      for name in try files.names(in: layout.fetches) {
        guard let fetched = layout.fetched(ofFileNamed: name), fetched.isNote else { continue }
        // One that ended since the listing is gone; one that cannot be read as a note is nobody's.
        let bytes = try present { () throws(FileFailure) in try noteBytes(layout.fetch(fileNamed: name)) }
        guard let bytes, let fetch = Self.parse(bytes, fetched.digest) else { continue }
        found.append(fetch)
      }
      return found.sorted { $0.digest < $1.digest }
    }
  }

  /// Removes staged bytes that have no note: nobody would go on with them. Only at the start, before the first `begin`.
  func sweep() throws(FileFailure) {
    let names = Set(try files.names(in: layout.fetches))
    let noted = Set(names.compactMap { layout.fetched(ofFileNamed: $0) }.filter(\.isNote).map(\.digest))
    for name in names {
      if let fetched = layout.fetched(ofFileNamed: name), noted.contains(fetched.digest) { continue }
      try files.unlink(layout.fetch(fileNamed: name))
    }
  }

  func place(_ note: [UInt8], _ digest: Digest, size: Int64) throws(FileFailure) {
    try blobs.temporaries.place(Array("\(size)\n".utf8) + note, at: layout.fetchNote(digest), readOnly: false)
  }

  static func mustBeBounded(_ note: [UInt8]) throws(RegistryError) {
    guard note.count <= noteBytesLimit else {
      throw RegistryError(.sizeInvalid, "what is to be remembered of this fetch is larger than \(noteBytesLimit) bytes")
    }
  }

  /// What an earlier life left, or a new file. A file that is read-only was being sealed: after a failed sync the kernel
  /// may call bytes clean that never reached the disk, so it is not gone on with (as with an upload).
  private func openStaged(_ path: String, size: Int64) throws(FileFailure) -> any OpenFile {
    if let status = try present({ () throws(FileFailure) in try files.status(of: path) }) {
      if status.kind == .file, status.isWritable, status.size == size { return try files.open(path, .readAndWrite) }
      try files.unlink(path)
    }
    let file = try files.open(path, .create)
    try file.extend(to: size)
    return file
  }

  private func noteBytes(_ path: String) throws(FileFailure) -> [UInt8] {
    let file = try files.open(path, .read)
    return try file.bytes(at: 0, atMost: Int(min(try file.status().size, Int64(Self.noteBytesLimit) + 32)))
  }

  private static func parse(_ bytes: [UInt8], _ digest: Digest) -> UnfinishedFetch? {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")),
      let size = Int64(String(decoding: bytes[..<end], as: UTF8.self)), size >= 0
    else { return nil }
    return UnfinishedFetch(digest: digest, size: size, note: Array(bytes[(end + 1)...]))
  }
}
