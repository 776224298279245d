import BlockingWork
import Glibc
import RegistryCore

/// The threads on which the store blocks, by what they wait for: a GET never queues behind an fsync, and a hash, which
/// waits for nothing but a core, never behind either.
final class DiskThreads: Sendable {
  /// Opens, sizes and reads: short, many.
  let reading: BlockingPool
  /// Writes, syncs, renames. An fsync may take a second; the others go on beside it.
  let writing: BlockingPool
  /// One thread a core: more could not hash faster.
  let hashing: BlockingPool
  private let isStopped = Lock(false)

  static let readingThreadsDefault = 4
  static let writingThreadsDefault = 8

  init(cores: Int = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
    reading = BlockingPool(name: "disk-read", threads: Self.readingThreadsDefault)
    writing = BlockingPool(name: "disk-write", threads: Self.writingThreadsDefault)
    hashing = BlockingPool(name: "disk-hash", threads: cores)
  }

  func read<Success: Sendable>(
    _ body: @escaping @Sendable () throws(FileFailure) -> Success
  ) async throws(RegistryError) -> Success {
    try await run(on: reading, body)
  }

  func write<Success: Sendable>(
    _ body: @escaping @Sendable () throws(FileFailure) -> Success
  ) async throws(RegistryError) -> Success {
    try await run(on: writing, body)
  }

  func hash<Success: Sendable>(
    _ body: @escaping @Sendable () throws(FileFailure) -> Success
  ) async throws(RegistryError) -> Success {
    try await run(on: hashing, body)
  }

  /// Lets go of a file that was served. Closing is quick, except that the last reference to an unlinked file frees its
  /// blocks, a second's work for a large one: that is done here and not on the event loop that sent the last byte.
  func release(_ file: any OpenFile) {
    // A file that cannot be asked is closed where we stand: a late close is the only harm.
    guard let status = try? file.status(), status.isUnlinked else { return }
    isStopped.withLock { isStopped in
      if !isStopped { writing.submit { withExtendedLifetime(file) {} } }
    }
  }

  /// Lets what runs finish; safe twice. Nothing but `release` may be asked of the store afterwards.
  func stop() {
    let wasStopped = isStopped.withLock { isStopped in
      defer { isStopped = true }
      return isStopped
    }
    if wasStopped { return }
    reading.stop()
    hashing.stop()
    writing.stop()
  }

  private func run<Success: Sendable>(
    on pool: BlockingPool, _ body: @escaping @Sendable () throws(FileFailure) -> Success
  ) async throws(RegistryError) -> Success {
    do {
      return try await pool.run(body)
    } catch {
      throw RegistryError(error)
    }
  }
}
