import Synchronization

/// Does something when the last of a number of threads has come to its end. Any thread.
final class Countdown: Sendable {
  private let remaining: Atomic<Int>
  private let atZero: @Sendable () -> Void

  init(_ count: Int, atZero: @escaping @Sendable () -> Void) {
    remaining = Atomic(count)
    self.atZero = atZero
  }

  func oneEnded() {
    if remaining.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { atZero() }
  }
}
