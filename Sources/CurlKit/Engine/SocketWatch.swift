import CCurl
import CLinux
import Glibc

/// The epoll instance of a client, and what is watched in it. Level-triggered, as libcurl expects. Its thread only.
struct SocketWatch: ~Copyable {
  private let descriptor: Int32
  private let events: UnsafeMutableBufferPointer<epoll_event>
  private var watched: Set<Int32> = []

  /// - Parameter descriptor: an epoll instance, which becomes the watch's.
  init(descriptor: Int32, eventsPerTurn: Int = 256) {
    self.descriptor = descriptor
    events = .allocate(capacity: eventsPerTurn)
    events.initialize(repeating: epoll_event())
  }

  deinit {
    events.deallocate()
    close(descriptor)
  }

  /// - Parameter interest: libcurl's `CURL_POLL_…`.
  mutating func set(_ socket: Int32, _ interest: Int32) {
    guard interest != CURL_POLL_REMOVE, interest != CURL_POLL_NONE else { return forget(socket) }
    var event = epoll_event()
    if interest & CURL_POLL_IN != 0 { event.events |= EPOLLIN.rawValue }
    if interest & CURL_POLL_OUT != 0 { event.events |= EPOLLOUT.rawValue }
    event.data.fd = socket
    let isNew = watched.insert(socket).inserted
    // It cannot fail but for memory or a descriptor that is none; a transfer that is never told of anything meets its
    // deadline.
    epoll_ctl(descriptor, isNew ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event)
  }

  mutating func forget(_ socket: Int32) {
    guard watched.remove(socket) != nil else { return }
    epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil)
  }

  /// How many events have come.
  /// - Parameter milliseconds: -1 waits for ever.
  func wait(milliseconds: Int32) -> Int {
    // A signal is no event: the next turn comes at once.
    Int(max(0, epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)))
  }

  /// The socket of an event, and what libcurl shall try. A socket that broke is tried both ways, so that the system says why.
  func event(_ index: Int) -> (socket: Int32, attempt: Int32) {
    let event = events[index]
    var attempt: Int32 = 0
    if event.events & (EPOLLIN.rawValue | Self.broken) != 0 { attempt |= CURL_CSELECT_IN }
    if event.events & (EPOLLOUT.rawValue | Self.broken) != 0 { attempt |= CURL_CSELECT_OUT }
    return (event.data.fd, attempt)
  }

  private static let broken = EPOLLHUP.rawValue | EPOLLERR.rawValue
}
