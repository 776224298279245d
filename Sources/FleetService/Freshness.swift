import BlockingWork
import Synchronization

/// When this node last compared what it knows with a member, and those who wait for it to do so now.
///
/// Times are of the desk's monotonic clock, in milliseconds.
final class Freshness: Sendable {
  private typealias Waiter = UnsafeContinuation<Void, Never>

  private struct State {
    var waiting: [UInt64: Waiter] = [:]
    var last: UInt64 = 0
    /// When somebody waited in vain.
    var failedAt: Int64?
    var hasEnded = false
  }

  /// Longer than this ago is behind.
  static let behindMilliseconds: Int64 = 5000
  /// How long a reader waits for members.
  static let patience = Duration.milliseconds(50)
  /// Where nobody answered, nobody is asked again so soon: a node that is cut off answers as fast as others.
  static let pauseMilliseconds: Int64 = 1000
  /// Readers that wait at once. One more is answered what is known.
  static let waiterLimit = 4096

  private let state = Lock(State())
  /// Read for each request.
  private let comparedAt = Atomic<Int64>(.min)

  /// An exchange that began then has left nothing open.
  func note(comparedAt time: Int64?) {
    guard let time, time > comparedAt.load(ordering: .relaxed) else { return }
    comparedAt.store(time, ordering: .releasing)
    let waiting = state.withLock { state in
      defer { state.waiting = [:] }
      state.failedAt = nil
      return state.waiting
    }
    for waiter in waiting.values { waiter.resume() }
  }

  func isFresh(at now: Int64) -> Bool {
    let time = comparedAt.load(ordering: .acquiring)
    return time != .min && now - time <= Self.behindMilliseconds
  }

  /// Whether it is worth waiting: nobody has waited in vain just now.
  func mayWait(at now: Int64) -> Bool {
    state.withLock { state in
      !state.hasEnded && state.waiting.count < Self.waiterLimit
        && now - (state.failedAt ?? .min / 2) >= Self.pauseMilliseconds
    }
  }

  /// Returns when an exchange is over, or when it has been long enough.
  func wait() async {
    let deadline = Lock<Task<Void, Never>?>(nil)
    await withUnsafeContinuation { (waiter: Waiter) in
      let number: UInt64? = state.withLock { state in
        guard !state.hasEnded else { return nil }
        state.last += 1
        state.waiting[state.last] = waiter
        return state.last
      }
      guard let number else { return waiter.resume() }
      // Unstructured: a timer of one moment, cancelled when the wait is over before it.
      let task = Task {
        do { try await Task.sleep(for: Self.patience) } catch { return }
        self.giveUp(number)
      }
      deadline.withLock { $0 = task }
    }
    deadline.withLock { $0 }?.cancel()
  }

  func noteFailure(at now: Int64) { state.withLock { $0.failedAt = now } }

  func end() {
    let waiting = state.withLock { state in
      state.hasEnded = true
      defer { state.waiting = [:] }
      return state.waiting
    }
    for waiter in waiting.values { waiter.resume() }
  }

  private func giveUp(_ number: UInt64) { state.withLock { $0.waiting.removeValue(forKey: number) }?.resume() }
}
