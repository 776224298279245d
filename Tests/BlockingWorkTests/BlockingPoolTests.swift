import BlockingWork
import Glibc
import Testing

@Suite struct BlockingPoolTests {
  private struct Refusal: Error, Equatable {
    let number: Int
  }

  @Test func runReturnsTheValueAndThrowsTheErrorOfItsBody() async throws {
    let pool = BlockingPool(name: "test", threads: 2)
    defer { pool.stop() }
    #expect(await pool.run { 42 } == 42)
    await #expect(throws: Refusal(number: 7)) {
      try await pool.run { () throws(Refusal) -> Int in throw Refusal(number: 7) }
    }
  }

  @Test func bodyRunsOnAThreadOfThePoolAndNotOnTheCallers() async {
    let pool = BlockingPool(name: "shoal-test-pool-with-a-long-name", threads: 1)
    defer { pool.stop() }
    let name = await pool.run { () -> String in
      guard let file = fopen("/proc/thread-self/comm", "r") else { return "" }
      defer { fclose(file) }
      var bytes: [UInt8] = []
      while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
      return String(decoding: bytes.dropLast(), as: UTF8.self)
    }
    #expect(name == "shoal-test-pool")
  }

  @Test func oneThreadFinishesJobsInTheirOrder() {
    let pool = BlockingPool(name: "test", threads: 1)
    let finished = Lock<[Int]>([])
    // More than the queue keeps before it drops what was taken.
    for number in 0..<2000 { pool.submit { finished.withLock { $0.append(number) } } }
    pool.stop()
    #expect(finished.withLock { $0 } == Array(0..<2000))
  }

  @Test func jobsOfSeveralThreadsAllRunOnce() async {
    let pool = BlockingPool(name: "test", threads: 4)
    defer { pool.stop() }
    let sum = await withTaskGroup(of: Int.self) { group in
      for number in 0..<3000 { group.addTask { await pool.run { number } } }
      return await group.reduce(0, +)
    }
    #expect(sum == 2999 * 3000 / 2)
  }

  @Test func threadsWorkAtTheSameTime() async {
    let pool = BlockingPool(name: "test", threads: 2)
    defer { pool.stop() }
    let meeting = Rendezvous(of: 2)
    async let first = pool.run { meeting.arrive() }
    async let second = pool.run { meeting.arrive() }
    #expect(await [first, second] == [true, true])
  }

  @Test func stopWaitsForTheJobsThatWereGiven() {
    let pool = BlockingPool(name: "test", threads: 3)
    let count = Lock(0)
    for _ in 0..<500 { pool.submit { count.withLock { $0 += 1 } } }
    pool.stop()
    #expect(count.withLock { $0 } == 500)
  }

  @Test func jobIsReleasedAfterItRan() async {
    final class Tracked: Sendable {}
    let pool = BlockingPool(name: "test", threads: 1)
    defer { pool.stop() }
    weak var tracked: Tracked?
    do {
      let object = Tracked()
      tracked = object
      await pool.run { withExtendedLifetime(object) {} }
    }
    // The job before is let go before the next one is taken.
    await pool.run {}
    #expect(tracked == nil)
  }
}

/// Threads that wait for each other, but not for ever.
private final class Rendezvous: @unchecked Sendable {
  // Unchecked: `missing` is touched only under `mutex`.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var missing: Int

  init(of count: Int) {
    missing = count
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// `false`: nobody else came within a minute.
  func arrive() -> Bool {
    var deadline = timespec()
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += 60
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    missing -= 1
    if missing == 0 { pthread_cond_broadcast(condition) }
    while missing > 0 {
      if pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT { return false }
    }
    return true
  }
}
