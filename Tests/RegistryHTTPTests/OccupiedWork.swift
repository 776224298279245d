import BlockingWork
import Glibc

/// Keeps the one thread that hashes busy until somebody says otherwise.
final class OccupiedWork: @unchecked Sendable {
  // Unchecked: a semaphore may be used from any thread.
  private let semaphore: UnsafeMutablePointer<sem_t>

  init() {
    semaphore = .allocate(capacity: 1)
    sem_init(semaphore, 0, 0)
  }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func leave() { sem_post(semaphore) }

  func stay() { while sem_wait(semaphore) != 0 {} }
}

extension TestRegistry {
  /// Returns when the thread is busy.
  func occupyWork() async -> OccupiedWork {
    let occupied = OccupiedWork()
    let (begun, telling) = AsyncStream.makeStream(of: Void.self)
    work.submit {
      telling.finish()
      occupied.stay()
    }
    for await _ in begun {}
    return occupied
  }
}
