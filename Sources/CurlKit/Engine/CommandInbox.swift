import BlockingWork
import CLinux
import Glibc

/// What other threads ask of the client's.
enum Command: Sendable {
  case start(Transfer)
  case cancel(Exchange)
  case resumeReceiving(Exchange)
  case resumeSending(Exchange)
  case use(TLSCredentials)
  case drop(HTTPOrigin)
  case close
}

/// Where commands wait for the client's thread, and the eventfd that wakes it.
///
/// The eventfd is written only when the thread sleeps or is about to, so a busy thread costs its callers no system call.
final class CommandInbox: Sendable {
  private struct State {
    var commands: [Command] = []
    var isAsleep = false
    var isClosed = false
  }

  let descriptor: Int32
  private let state = Lock(State())

  /// - Parameter descriptor: an eventfd, which becomes the inbox's.
  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { Glibc.close(descriptor) }

  /// Any thread. False when nobody will come for the command.
  func put(_ command: Command) -> Bool {
    let (isTaken, wakes) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.commands.append(command)
      defer { state.isAsleep = false }
      return (true, state.isAsleep)
    }
    if wakes { eventfd_write(descriptor, 1) }
    return isTaken
  }

  /// The client's thread: whether it may sleep now.
  func fallAsleep() -> Bool {
    state.withLock { state in
      state.isAsleep = state.commands.isEmpty
      return state.isAsleep
    }
  }

  /// The client's thread: everything that came.
  func takeAll() -> [Command] {
    state.withLock { state in
      state.isAsleep = false
      guard !state.commands.isEmpty else { return [] }
      var taken: [Command] = []
      swap(&taken, &state.commands)
      return taken
    }
  }

  /// The client's thread, at its end: what came too late.
  func close() -> [Command] {
    state.withLock { state in
      state.isClosed = true
      defer { state.commands = [] }
      return state.commands
    }
  }

  func silence() {
    var count: eventfd_t = 0
    eventfd_read(descriptor, &count)
  }
}
