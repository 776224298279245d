import BlockingWork
import Glibc

/// Holds tasks back until it is opened.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Lock(State())

  var waitingCount: Int { state.withLock { $0.waiting.count } }

  func wait() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}

extension RawClient {
  /// Sends zeros until the socket takes no more for half a second: how many it took.
  func sendUntilFull(limit: Int) throws -> Int {
    let piece = [UInt8](repeating: 0, count: 1 << 20)
    var sent = 0
    while sent < limit {
      var wait = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
      guard poll(&wait, 1, 500) > 0 else { break }
      let count = Glibc.send(socket, piece, min(piece.count, limit - sent), Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      if count > 0 { sent += count } else if errno != EAGAIN { throw Failure.reset }
    }
    return sent
  }
}
