import Glibc
import RegistryCore

/// Blobs as read-only files named by their digests.
public struct DiskBlobStore: BlobStore {
  let files: any FileSystem
  let layout: DiskLayout
  let folders: DurableFolders
  let temporaries: TemporaryFiles
  let threads: DiskThreads

  public func open(_ digest: Digest) async throws(RegistryError) -> (any BlobReader)? {
    try await threads.read { () throws(FileFailure) in
      guard let file = try present({ () throws(FileFailure) in try files.open(layout.blob(digest), .read) }) else {
        return nil
      }
      return DiskBlobReader(file: file, size: try file.status().size, threads: threads)
    }
  }

  public func size(of digest: Digest) async throws(RegistryError) -> Int64? {
    try await threads.read { () throws(FileFailure) in try storedSize(of: digest) }
  }

  public func put(_ bytes: [UInt8], as digest: Digest) async throws(RegistryError) {
    try await threads.write { () throws(FileFailure) in
      let folder = layout.blobFolder(of: digest)
      try folders.ensure(folder)
      if try storedSize(of: digest) == Int64(bytes.count) {
        try files.syncFolder(folder)
      } else {
        try temporaries.place(bytes, at: layout.blob(digest), readOnly: true)
      }
    }
  }

  public func remove(_ digest: Digest) async throws(RegistryError) -> Bool {
    try await threads.write { () throws(FileFailure) in
      try present { () throws(FileFailure) in try files.unlink(layout.blob(digest)) } != nil
    }
  }

  public func quarantine(_ digest: Digest) async throws(RegistryError) -> Bool {
    try await threads.write { () throws(FileFailure) in
      try folders.ensure(layout.quarantine)
      let moved: Void? = try present { () throws(FileFailure) in
        try files.rename(layout.blob(digest), to: layout.quarantined(digest))
      }
      guard moved != nil else { return false }
      try files.syncFolder(layout.quarantine)
      try files.syncFolder(layout.blobFolder(of: digest))
      return true
    }
  }

  public func blobs(onShelf shelf: UInt8) async throws(RegistryError) -> [StoredBlob] {
    try await threads.read { () throws(FileFailure) in
      var found: [StoredBlob] = []
      for algorithm in Digest.Algorithm.allCases { found += try blobs(algorithm, onShelf: shelf) }
      return found.sorted { $0.digest < $1.digest }
    }
  }

  /// Gives a staged file its name. It is whole, verified, read-only and synced; the caller is on a writing thread.
  ///
  /// It takes the place of a blob that is there already, whose bytes may have rotted since they were checked: these were
  /// checked just now. Who reads the old one reads on.
  func adopt(_ staged: String, as digest: Digest, size: Int64) throws(FileFailure) {
    let folder = layout.blobFolder(of: digest)
    try folders.ensure(folder)
    try files.rename(staged, to: layout.blob(digest))
    try files.syncFolder(folder)
  }

  private func storedSize(of digest: Digest) throws(FileFailure) -> Int64? {
    try present { () throws(FileFailure) in try files.status(of: layout.blob(digest)) }?.size
  }

  private func blobs(_ algorithm: Digest.Algorithm, onShelf shelf: UInt8) throws(FileFailure) -> [StoredBlob] {
    let folder = layout.blobFolder(algorithm, shelf: shelf)
    let names = try present { () throws(FileFailure) in try files.names(in: folder) } ?? []
    var found: [StoredBlob] = []
    for name in names {
      // A stray file is nobody's blob. One that was removed since the listing is gone.
      guard let digest = layout.digest(ofFileNamed: name, algorithm: algorithm, shelf: shelf),
        let size = try storedSize(of: digest)
      else { continue }
      found.append(StoredBlob(digest: digest, size: size))
    }
    return found
  }
}

/// `nil` when the name is not there: the one failure that is an answer.
func present<Success>(_ call: () throws(FileFailure) -> Success) throws(FileFailure) -> Success? {
  do {
    return try call()
  } catch let error where error.code == ENOENT {
    return nil
  }
}
