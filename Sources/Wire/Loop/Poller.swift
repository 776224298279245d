import CLinux
import Glibc

/// What epoll says about a descriptor.
struct Readiness: Sendable {
  let events: UInt32

  var canRead: Bool { events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | Self.gone) != 0 }
  var canWrite: Bool { events & (EPOLLOUT.rawValue | Self.gone) != 0 }
  /// The peer will send no more.
  var inputEnds: Bool { events & (EPOLLRDHUP.rawValue | Self.gone) != 0 }

  private static let gone = EPOLLHUP.rawValue | EPOLLERR.rawValue
}

/// Names one registration of a descriptor: an event that was fetched before the descriptor was closed and its number
/// taken again is told apart by the generation.
struct Ticket: Hashable, Sendable {
  let descriptor: Int32
  let generation: UInt32

  fileprivate var word: UInt64 { UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor)) }

  init(descriptor: Int32, generation: UInt32) {
    self.descriptor = descriptor
    self.generation = generation
  }

  fileprivate init(word: UInt64) {
    descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: word))
    generation = UInt32(truncatingIfNeeded: word >> 32)
  }
}

/// An epoll instance. Edge-triggered: whoever is told must go on until the kernel says EAGAIN, or remember.
struct Poller: ~Copyable {
  private let descriptor: Int32
  private let events: UnsafeMutableBufferPointer<epoll_event>

  init(eventsPerTurn: Int = 256) throws(SystemFailure) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw SystemFailure("epoll_create1", errno) }
    events = .allocate(capacity: eventsPerTurn)
    events.initialize(repeating: epoll_event())
  }

  deinit {
    events.deallocate()
    close(descriptor)
  }

  func add(_ ticket: Ticket) throws(SystemFailure) {
    let code = control(EPOLL_CTL_ADD, ticket, Self.input | Self.output)
    guard code == 0 else { throw SystemFailure("epoll_ctl", errno) }
  }

  /// Whether input is told, and its end, of a descriptor that was added. What is there already is told at once.
  func listen(_ ticket: Ticket, _ isTold: Bool) {
    let code = control(EPOLL_CTL_MOD, ticket, isTold ? Self.input | Self.output : Self.output)
    assert(code == 0, "a descriptor that was added can be changed")
  }

  private static let input = EPOLLIN.rawValue | EPOLLRDHUP.rawValue
  private static let output = EPOLLOUT.rawValue

  private func control(_ operation: Int32, _ ticket: Ticket, _ events: UInt32) -> Int32 {
    var event = epoll_event()
    event.events = events | EPOLLET.rawValue
    event.data.u64 = ticket.word
    return epoll_ctl(descriptor, operation, ticket.descriptor, &event)
  }

  /// How many events have come; `forEach` names them.
  /// - Parameter milliseconds: -1 waits for ever.
  func wait(milliseconds: Int32) -> Int {
    // A signal is no event: the next turn comes at once.
    Int(max(0, epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)))
  }

  func forEach(of count: Int, _ body: (Ticket, Readiness) -> Void) {
    for event in events[..<count] {
      body(Ticket(word: event.data.u64), Readiness(events: event.events))
    }
  }
}

/// A system call that failed when it should not.
public struct SystemFailure: Error, Sendable, CustomStringConvertible {
  public let call: String
  public let code: Int32

  init(_ call: String, _ code: Int32) {
    self.call = call
    self.code = code
  }

  public var description: String { "\(call): \(String(cString: strerror(code)))" }
}
