import CLinux
import Glibc

/// Where other threads leave work for one that sleeps in epoll, and the eventfd that wakes it.
///
/// The eventfd is written only when the thread sleeps or is about to, so a busy thread costs its callers no system call.
public final class ThreadInbox<Item: Sendable>: Sendable {
  private struct State {
    var items: [Item] = []
    var isAsleep = false
    var isClosed = false
  }

  /// Readable when something came for a thread that sleeps.
  public let descriptor: Int32
  private let state = Lock(State())

  /// `nil` when the process has no descriptor left; `errno` says which limit.
  public init?() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard descriptor >= 0 else { return nil }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  /// Any thread. False when the thread has ended and nobody will come for the item.
  public func put(_ item: Item) -> Bool {
    let (isTaken, wakes) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.items.append(item)
      defer { state.isAsleep = false }
      return (true, state.isAsleep)
    }
    if wakes { eventfd_write(descriptor, 1) }
    return isTaken
  }

  /// The thread itself, like all below: whether it may sleep now.
  public func fallAsleep() -> Bool {
    state.withLock { state in
      state.isAsleep = state.items.isEmpty
      return state.isAsleep
    }
  }

  /// Everything that came.
  public func takeAll() -> [Item] {
    state.withLock { state in
      state.isAsleep = false
      guard !state.items.isEmpty else { return [] }
      var taken: [Item] = []
      swap(&taken, &state.items)
      return taken
    }
  }

  /// At its end: what came too late.
  public func close() -> [Item] {
    state.withLock { state in
      state.isClosed = true
      defer { state.items = [] }
      return state.items
    }
  }

  /// At its end: false when something came in the meantime.
  public func closeIfEmpty() -> Bool {
    state.withLock { state in
      state.isClosed = state.items.isEmpty
      return state.isClosed
    }
  }

  /// The descriptor was readable: it is not any more.
  public func silence() {
    var count: eventfd_t = 0
    eventfd_read(descriptor, &count)
  }
}
