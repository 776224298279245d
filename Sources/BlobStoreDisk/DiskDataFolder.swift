import BlockingWork
import Glibc
import RegistryCore

/// A data folder that this process alone has open: the stores over it.
public final class DiskDataFolder: Sendable {
  public let layout: DiskLayout
  public let blobs: DiskBlobStore
  public let uploads: DiskUploadStore
  public let fetches: DiskFetchStore
  public let shelf: DiskManifestShelf

  private let threads: DiskThreads
  private let lock: Lock<DataLock?>

  /// Makes what is missing of the folder, locks it, and sweeps what an earlier life left half written. Blocks: for the
  /// start of a process, not for its event loops.
  ///
  /// - Parameter hashesTorrents: uploads are hashed for torrents as they arrive.
  /// - Returns: the open folder; `close` it when nobody uses its stores any more.
  public static func open(_ path: String, hashesTorrents: Bool = true) throws(RegistryError) -> DiskDataFolder {
    let layout = DiskLayout(root: path)
    let files = LinuxFileSystem()
    let folders = DurableFolders(files: files, root: layout.root)
    do {
      try folders.makeRoot()
    } catch {
      throw .unusable(error)
    }
    let lock = try DataLock(path: layout.lock)
    return try DiskDataFolder(
      layout: layout, files: files, folders: folders, lock: lock, threads: DiskThreads(),
      hashesTorrents: hashesTorrents)
  }

  /// - Parameter folders: whose root is made.
  /// - Parameter threads: are stopped by `close`.
  init(
    layout: DiskLayout, files: any FileSystem, folders: DurableFolders, lock: DataLock?, threads: DiskThreads,
    hashesTorrents: Bool = true
  ) throws(RegistryError) {
    let temporaries = TemporaryFiles(files: files, layout: layout)
    let blobs = DiskBlobStore(
      files: files, layout: layout, folders: folders, temporaries: temporaries, threads: threads)
    let fetches = DiskFetchStore(blobs: blobs, hashesTorrents: hashesTorrents)
    do {
      for folder in [layout.blobs, layout.uploads, layout.fetches, layout.temporaries, layout.manifests] {
        try folders.ensure(folder)
      }
      try temporaries.sweep()
      try fetches.sweep()
    } catch {
      threads.stop()
      throw .unusable(error)
    }
    self.layout = layout
    self.threads = threads
    self.lock = Lock(lock)
    (self.blobs, self.fetches) = (blobs, fetches)
    uploads = DiskUploadStore(blobs: blobs, hashesTorrents: hashesTorrents)
    shelf = DiskManifestShelf(
      files: files, layout: layout, folders: folders, temporaries: temporaries, threads: threads)
  }

  /// Lets the calls that run finish, then lets the folder go. Blocks; safe twice. The stores are of no use afterwards;
  /// blobs that are open may still be sent and closed.
  public func close() {
    threads.stop()
    lock.withLock { $0 = nil }
  }
}

extension RegistryError {
  /// What is wrong with a data folder, in the words of one who starts a node.
  static func unusable(_ failure: FileFailure) -> RegistryError {
    let cause = RegistryError(failure).cause
    let said =
      switch failure.code {
      case ENOTDIR, EEXIST: "the data folder, or one in it, is not a folder; move aside what has its name"
      case EACCES, EPERM: "this user may not write in the data folder; change its owner, or run as the owner"
      case EROFS: "the data folder lies on a read-only file system; mount it for writing, or choose another"
      case ENOENT, ELOOP, ENAMETOOLONG: "the data folder cannot be made; check its path"
      default: RegistryError(failure).message
      }
    return RegistryError(RegistryError(failure).code, said, cause: cause)
  }
}
