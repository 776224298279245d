import BlockingWork
import Glibc

/// Folders whose own names are durable, so that a file synced in one of them cannot vanish together with it.
///
/// A folder that is there may have been made by a process that was killed before it could sync, or by another thread a
/// moment ago. So the first use of each folder in this life of the node syncs every folder above it, up to the data
/// folder, and only then is it known as durable.
final class DurableFolders: Sendable {
  private let files: any FileSystem
  private let root: String
  private let known = Lock<Set<String>>([])

  /// Beyond this many the list is begun anew: that costs syncs, never safety.
  private static let knownLimit = 8192

  init(files: any FileSystem, root: String) {
    self.files = files
    self.root = root
  }

  /// Makes the data folder itself, and those above it where they are missing. Durable on return.
  func makeRoot() throws(FileFailure) {
    do throws(FileFailure) {
      // With the dot, since the data folder may be a symbolic link to a folder elsewhere.
      guard try files.status(of: root + "/.").kind == .folder else { throw FileFailure("lstat", ENOTDIR) }
    } catch let error where error.code == ENOENT {
      try makeWithParents(root)
    }
    try syncNames(above: root)
  }

  /// Makes a folder inside the data folder and those above it where they are missing. Durable on return.
  func ensure(_ path: String) throws(FileFailure) {
    if path == root || known.withLock({ $0.contains(path) }) { return }
    let parent = path.parentFolder
    try ensure(parent)
    do throws(FileFailure) {
      try files.makeFolder(path)
    } catch let error where error.code == EEXIST {
      guard try files.status(of: path).kind == .folder else { throw FileFailure("mkdir", ENOTDIR) }
    }
    try files.syncFolder(parent)
    known.withLock { known in
      if known.count >= Self.knownLimit { known.removeAll(keepingCapacity: true) }
      known.insert(path)
    }
  }

  private func makeWithParents(_ path: String) throws(FileFailure) {
    let parent = path.parentFolder
    do throws(FileFailure) {
      try files.makeFolder(path)
    } catch let error where error.code == ENOENT && parent != path {
      try makeWithParents(parent)
      try makeWithParents(path)
    } catch let error where error.code == EEXIST {
      // Another process made it this moment; the lock decides between us.
    }
  }

  /// Of all folders on the way to the data folder: an earlier life that made them may have been killed half-way.
  private func syncNames(above path: String) throws(FileFailure) {
    let parent = path.parentFolder
    do throws(FileFailure) {
      try files.syncFolder(parent)
    } catch let error where error.code == EACCES || error.code == EINVAL {
      // A folder that we may not open is none in which we made another, and a few file systems have no such sync.
    }
    if parent != path && parent != "." { try syncNames(above: parent) }
  }
}
