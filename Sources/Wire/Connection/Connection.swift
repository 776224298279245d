import CLinux
import Glibc
import OpenSSLKit

/// Why a connection ended before its exchange did.
enum ConnectionFailure: Error {
  case disconnected
  case tooSlow
  case stopping
  /// The body of the answer was not what its length said, or its stream failed.
  case answerFailed
}

/// One connection, on one loop, from accept to close.
///
/// Between requests it is this object and a descriptor: no task, no buffer. A head that is whole starts a task, which
/// answers requests as long as the next head is there already and ends when it is not. The connection's own async
/// functions are `nonisolated(nonsending)`: they run where they are called, which is the loop, and cost no check of
/// executors.
final class Connection: PeerBound, @unchecked Sendable {
  // Unchecked: everything here is touched on the loop's thread only.

  enum Phase {
    case handshaking
    case awaitingHead
    case exchanging
    /// Answered and closed for writing: what still comes is thrown away.
    case lingering
    case closed
  }

  let loop: EventLoop
  let service: Service
  let socket: Int32
  let transport: Transport
  /// Knows who the client is as soon as the handshake has told.
  var origin: RequestOrigin

  var phase: Phase
  /// Set when the connection is closed while an exchange runs.
  private(set) var failure: ConnectionFailure?
  var input = InputBuffer()
  /// Where in `input` the search for the end of a head stands; `nil` when nobody has looked yet.
  var scanner: HeadScanner?
  /// The deadline of the first head runs from the start, of later ones from their first byte.
  var hasServed = false
  /// What epoll said last and no EAGAIN has taken back.
  var canRead = true
  var canWrite = true
  /// The peer ends its side: a short read is no sign that the socket is empty.
  private(set) var inputEnds = false
  /// Answers requests while `exchanging`. Cancelled when nobody may be left who waits for the answer.
  var task: Task<Void, Never>?
  var reader: UnsafeContinuation<Void, Never>?
  var writer: UnsafeContinuation<Void, Never>?
  var receiving: RateBudget
  var sending: RateBudget
  var bytesThisTurn = 0
  var bytesSent: Int64 = 0
  var lingeredBytes: Int64 = 0

  private var ticket = Ticket(descriptor: -1, generation: 0)
  private var deadline = UInt64.max
  /// When the loop's earliest call for this connection comes.
  private var scheduledWake = UInt64.max

  /// - Parameter session: the TLS session that speaks over the socket, `nil` for plaintext.
  init(
    socket: Int32, peer: PeerAddress, local: PeerAddress, session: TLSSession?, loop: EventLoop, service: Service
  ) {
    self.socket = socket
    self.loop = loop
    self.service = service
    origin = RequestOrigin(peer: peer, local: local, isSecure: session != nil)
    transport = session.map { .secure($0) } ?? .plain
    phase = session == nil ? .awaitingHead : .handshaking
    receiving = service.patience.budget
    sending = receiving
  }

  /// Takes over the descriptor; closes it when the loop cannot watch it.
  func start() {
    do {
      ticket = try loop.watch(socket, self)
    } catch {
      Glibc.close(socket)
      phase = .closed
      service.connectionClosed(origin.peer, loop)
      return
    }
    setDeadline(after: phase == .handshaking ? service.patience.handshake : service.patience.head)
    if loop.isStopping { close() }
  }

  var isOpen: Bool { phase != .closed }

  // MARK: Events

  func becameReady(_ readiness: Readiness) {
    if readiness.inputEnds { inputEnds = true }
    if readiness.canRead { canRead = true }
    if readiness.canWrite { canWrite = true }
    switch phase {
    case .handshaking: goOnWithHandshake()
    case .awaitingHead: if canRead { readHead() }
    case .exchanging:
      // Has left, or sends nothing more: which of the two, only an attempt to write would tell.
      if inputEnds { task?.cancel() }
      if canRead { reader.take()?.resume() }
      if canWrite { writer.take()?.resume() }
    case .lingering: discard()
    case .closed: break
    }
  }

  func deadlinePassed() {
    guard isOpen, loop.now >= scheduledWake else { return }
    scheduledWake = .max
    guard loop.now >= deadline else { return setDeadline(at: deadline) }
    deadline = .max
    switch phase {
    case .handshaking:
      service.counters.failedHandshakes.add(1, ordering: .relaxed)
      close()
    case .awaitingHead: headIsLate()
    case .exchanging: waitIsOver()
    case .lingering: close()
    case .closed: break
    }
  }

  func stopGently() {
    if phase == .handshaking || phase == .awaitingHead && input.isEmpty { close() }
    if phase == .lingering { setDeadline(after: service.patience.lingerWhileStopping) }
  }

  func stopNow() { fail(.stopping) }

  func end(ifUnwanted isUnwanted: (TLSPeer) -> Bool) {
    if let client = origin.client, isUnwanted(client) { fail(.disconnected) }
  }

  // MARK: Deadlines

  func setDeadline(after nanoseconds: UInt64) {
    setDeadline(at: loop.now &+ nanoseconds)
  }

  /// One deadline at a time. Moving it on costs nothing: the loop's earlier call finds it unripe and asks again.
  func setDeadline(at instant: UInt64) {
    deadline = instant
    guard instant < scheduledWake else { return }
    scheduledWake = instant
    loop.wake(ticket, at: instant)
  }

  func clearDeadline() { deadline = .max }

  // MARK: The end

  /// The handshake agreed on what the taker speaks: socket, session and the place among the admitted are the stream's from
  /// now on, and this object is done.
  func handOver(_ session: TLSSession, to taker: any StreamTaker) {
    phase = .closed
    let (service, peer, loop) = (service, origin.peer, loop)
    SecureStream(socket: socket, session: session, peer: origin.client, loop: loop) {
      service.connectionClosed(peer, loop)
    }.start(ticket, with: taker)
  }

  /// In good order: what was written still reaches the peer.
  func close() {
    guard isOpen else { return }
    // While an exchange runs a TLS record may be half written, and after `fail` the peer must not take this for an end.
    if failure == nil, phase != .lingering { transport.end() }
    phase = .closed
    // First: the last one that is forgotten ends the wait of `stop`, which then counts none.
    service.connectionClosed(origin.peer, loop)
    loop.forget(ticket)
    Glibc.close(socket)
    input.removeAll()
    task?.cancel()
    reader.take()?.resume()
    writer.take()?.resume()
  }

  /// With a reset, so that nothing short or wrong looks whole. A running exchange learns why.
  func fail(_ failure: ConnectionFailure) {
    guard isOpen else { return }
    self.failure = failure
    if failure == .tooSlow { service.counters.tooSlow.add(1, ordering: .relaxed) }
    var reset = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    close()
  }
}
