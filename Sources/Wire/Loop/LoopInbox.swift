import BlockingWork
import CLinux
import Glibc

/// Where other threads leave work for a loop, and the eventfd that wakes it.
///
/// The eventfd is written only when the loop sleeps or is about to, so a busy loop costs its callers no system call.
final class LoopInbox: Sendable {
  enum Item: Sendable {
    case job(UnownedJob)
    case call(@Sendable () -> Void)
  }

  private struct State {
    var items: [Item] = []
    var isAsleep = false
    var isClosed = false
  }

  let descriptor: Int32
  private let state = Lock(State())

  init() throws(SystemFailure) {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else { throw SystemFailure("eventfd", errno) }
  }

  deinit { close(descriptor) }

  /// Any thread. False when the loop has ended and nobody will come for the item.
  func put(_ item: Item) -> Bool {
    let (isTaken, wakes) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.items.append(item)
      defer { state.isAsleep = false }
      return (true, state.isAsleep)
    }
    if wakes { eventfd_write(descriptor, 1) }
    return isTaken
  }

  /// The loop's thread: whether it may sleep now.
  func fallAsleep() -> Bool {
    state.withLock { state in
      state.isAsleep = state.items.isEmpty
      return state.isAsleep
    }
  }

  /// The loop's thread: everything that came.
  func takeAll() -> [Item] {
    state.withLock { state in
      state.isAsleep = false
      guard !state.items.isEmpty else { return [] }
      var taken: [Item] = []
      swap(&taken, &state.items)
      return taken
    }
  }

  /// The loop's thread, at its end: false when something came in the meantime.
  func closeIfEmpty() -> Bool {
    state.withLock { state in
      state.isClosed = state.items.isEmpty
      return state.isClosed
    }
  }

  func silence() {
    var count: eventfd_t = 0
    eventfd_read(descriptor, &count)
  }
}
