import BlockingWork
import Glibc
import Testing

@Suite struct LockTests {
  @Test func changesOfManyThreadsAreAllKept() {
    let lock = Lock<[Int: Int]>([:])
    let threads = (0..<8).map { thread in
      startThread(named: "counter") {
        for _ in 0..<5000 { lock.withLock { $0[thread % 3, default: 0] += 1 } }
      }
    }
    for thread in threads { pthread_join(thread, nil) }
    #expect(lock.withLock { $0 } == [0: 15_000, 1: 15_000, 2: 10_000])
  }

  @Test func errorLeavesTheLockOpenAndTheStateChanged() {
    struct Refusal: Error, Equatable {}
    let lock = Lock(1)
    #expect(throws: Refusal()) {
      try lock.withLock { state throws(Refusal) in
        state = 2
        throw Refusal()
      }
    }
    #expect(lock.withLock { $0 } == 2)
  }

  /// It would be wrapped anew with each use. Debug builds look, which is where tests run.
  @Test func aClosureAloneIsRefused() async {
    await #expect(processExitsWith: .failure) { _ = Lock<@Sendable () -> Void>({}) }
    await #expect(processExitsWith: .failure) { _ = Lock<(@Sendable (Int) -> Int)?>(nil) }
    await #expect(processExitsWith: .failure) { _ = Lock<(Int, run: @Sendable () -> Void)>((1, {})) }
    struct Deed {
      let run: @Sendable () -> Void
    }
    Lock<Deed?>(Deed {}).withLock { $0?.run() }
  }

  @Test func stateIsReleasedWithTheLock() {
    final class Tracked: Sendable {}
    weak var tracked: Tracked?
    do {
      let object = Tracked()
      tracked = object
      let lock = Lock<Tracked?>(object)
      #expect(lock.withLock { $0 != nil })
    }
    #expect(tracked == nil)
  }
}
