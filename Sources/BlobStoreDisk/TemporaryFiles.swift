import RegistryCore
import Synchronization

/// Small files that appear under their name whole and durable, or not at all.
final class TemporaryFiles: Sendable {
  private let files: any FileSystem
  private let layout: DiskLayout
  private let last = Atomic<Int>(0)

  init(files: any FileSystem, layout: DiskLayout) {
    self.files = files
    self.layout = layout
  }

  /// Writes aside, syncs, renames over whatever had the name, syncs the folder. The folder is durable already.
  func place(_ bytes: [UInt8], at path: String, readOnly: Bool) throws(FileFailure) {
    let temporary = layout.temporary(last.wrappingAdd(1, ordering: .relaxed).newValue)
    do throws(FileFailure) {
      let file = try files.open(temporary, .create)
      try file.write([bytes], at: 0)
      if readOnly { try file.makeReadOnly() }
      try file.sync()
      try files.rename(temporary, to: path)
    } catch {
      // The failure above is the one to tell; what cannot be removed now is swept at the next start.
      try? files.unlink(temporary)
      throw error
    }
    try files.syncFolder(path.parentFolder)
  }

  /// Removes what an earlier life left. Only for one who holds the data lock, before the first `place`.
  func sweep() throws(FileFailure) {
    for name in try files.names(in: layout.temporaries) { try files.unlink(layout.temporary(fileNamed: name)) }
  }
}
