import BlockingWork
import Glibc

/// A pool of one thread that does nothing else until it is let go.
final class OccupiedThread: @unchecked Sendable {
  // Unchecked: a semaphore may be used from any thread.
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  private init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Returns when the thread is busy.
  static func of(_ pool: BlockingPool) async -> OccupiedThread {
    let occupied = OccupiedThread()
    let (begun, telling) = AsyncStream.makeStream(of: Void.self)
    pool.submit {
      telling.finish()
      while sem_wait(occupied.semaphore) != 0 {}
    }
    for await _ in begun {}
    return occupied
  }

  func leave() { sem_post(semaphore) }
}
