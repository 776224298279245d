import CLinux
import Glibc
import OpenSSLKit
import Synchronization

/// A TLS connection that carries something else than HTTP, on one loop, from the end of its handshake to its close.
///
/// Whoever has it asks for one thing at a time, from any thread, and the loop does it. While nothing is asked it is this
/// object and a descriptor, and closes itself as soon as the peer does. Somebody has to close it.
public final class SecureStream: Watched, @unchecked Sendable {
  // Unchecked: what changes is touched on the loop's thread only, but for `open`, which is atomic, and `peer`, which is set
  // before anybody else has the stream.

  /// Who the other end is; `nil`: it showed no certificate.
  public private(set) var peer: TLSPeer?

  let loop: EventLoop
  let socket: Int32
  let session: TLSSession
  /// What came with other bytes before somebody asked for it.
  var input = InputBuffer()
  /// What epoll said last and no EAGAIN has taken back.
  var canRead = true
  var canWrite = true
  var duty = Duty.none

  private let release: @Sendable () -> Void
  private let open = Atomic<Bool>(true)
  private var ticket = Ticket(descriptor: -1, generation: 0)
  private var deadline = UInt64.max
  /// When the loop's earliest call for this stream comes.
  private var scheduledWake = UInt64.max

  /// What it was asked for.
  enum Duty {
    case none
    case opening(Opening)
    case receiving(Receipt)
    case sending(Delivery)
    case splicing(Splice)
  }

  /// Takes the descriptor over.
  /// - Parameter release: called once, when it is closed.
  init(
    socket: Int32, session: TLSSession, peer: TLSPeer?, loop: EventLoop, release: @escaping @Sendable () -> Void
  ) {
    (self.socket, self.session, self.peer, self.loop, self.release) = (socket, session, peer, loop, release)
  }

  deinit { assert(!isOpen, "a stream was left open") }

  public var isOpen: Bool { open.load(ordering: .acquiring) }

  /// In good order: what was sent still reaches the peer. Any thread.
  public func close() { loop.execute { self.end() } }

  /// With a reset. Any thread.
  public func cut() { loop.execute { self.fail(.cut) } }

  // MARK: The loop's thread

  /// Takes the place of what the ticket named so far, and speaks with the taker until that is done.
  func start(_ ticket: Ticket, with taker: any StreamTaker) {
    self.ticket = ticket
    loop.hand(ticket, to: self)
    loop.runningTasks += 1
    // Unstructured: a connection's life is no scope. The loop counts the task and outlives it.
    Task.immediate(executorPreference: loop) {
      await taker.take(self)
      self.end()
      self.loop.runningTasks -= 1
    }
  }

  func becameReady(_ readiness: Readiness) {
    if readiness.canRead { canRead = true }
    if readiness.canWrite { canWrite = true }
    goOn()
  }

  func deadlinePassed() {
    guard isOpen, loop.now >= scheduledWake else { return }
    scheduledWake = .max
    guard loop.now >= deadline else { return setDeadline(at: deadline) }
    deadline = .max
    fail(.late)
  }

  func stopGently() {
    // A splice is something that runs.
    if case .splicing = duty { return }
    end()
  }

  func stopNow() { fail(.stopping) }

  /// One deadline at a time, as a `Connection` has it.
  func setDeadline(at instant: UInt64) {
    deadline = instant
    guard instant < scheduledWake else { return }
    scheduledWake = instant
    loop.wake(ticket, at: instant)
  }

  func clearDeadline() { deadline = .max }

  var hasDeadline: Bool { deadline < .max }

  /// From now on the loop tells it.
  func watch() throws(SystemFailure) { ticket = try loop.watch(socket, self) }

  /// Whether the loop tells it what comes.
  func listen(_ isTold: Bool) { loop.listen(ticket, isTold) }

  /// The handshake has ended.
  func identify() { peer = session.peer }

  // MARK: The end

  func end() {
    guard isOpen else { return }
    session.end()
    shut(.ended)
  }

  func fail(_ failure: StreamFailure) {
    guard isOpen else { return }
    var reset = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    shut(failure)
  }

  /// Instead of `watch`.
  func abandon() {
    open.store(false, ordering: .releasing)
    Glibc.close(socket)
    release()
  }

  private func shut(_ failure: StreamFailure) {
    open.store(false, ordering: .releasing)
    // First: the last one that is forgotten ends the wait of `stop`, which then counts none.
    release()
    loop.forget(ticket)
    Glibc.close(socket)
    input.removeAll()
    let duty = duty
    self.duty = .none
    settle(duty, failure)
  }
}

extension SecureStream: PeerBound {
  func end(ifUnwanted isUnwanted: (TLSPeer) -> Bool) {
    if let peer, isUnwanted(peer) { fail(.cut) }
  }
}
