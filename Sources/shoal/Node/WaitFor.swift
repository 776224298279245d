import BlockingWork
import Glibc

/// Runs async work and blocks this thread until it is done. For the main thread alone, which waits for signals and
/// otherwise has nothing to do; never for a loop or a thread of the cooperative pool.
func waitFor<Success: Sendable>(_ body: @escaping @Sendable () async -> Success) -> Success {
  let slot = ResultSlot<Success>()
  // Unstructured: the thread that would be its parent is the one that blocks below.
  Task { slot.fill(await body()) }
  return slot.take()
}

func waitFor<Success: Sendable, Failure: Error>(
  throwing body: @escaping @Sendable () async throws(Failure) -> Success
) throws(Failure) -> Success {
  let result: Result<Success, Failure> = waitFor {
    do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
  }
  return try result.get()
}

/// Between two looks at something that another process will change.
func waitAMoment() { poll(nil, 0, 20) }
