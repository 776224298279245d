import Glibc

/// How a splice ended.
public enum SpliceEnding: Hashable, Sendable {
  /// Both sides have said all. The stream is open and may be asked for something else.
  case whole
  /// The stream is closed, or is just being closed.
  case cut(StreamFailure)
}

/// Carries the bytes of a plain socket through a stream and back, in frames, until both ends have ended. On the stream's
/// loop.
///
/// No buffer of its own: a piece goes through the loop's scratch space, and only what the other side does not take at once
/// is kept aside, at most one piece a direction; until that is gone nothing more is read there. Either side may end while the
/// other still sends.
///
/// Where little comes at a time and often, it is looked at from beat to beat.
final class Splice: Watched, Beating, @unchecked Sendable {
  // Unchecked: touched on the loop's thread only.

  let stream: SecureStream
  let plain: PlainSocket
  let meter: StreamMeter?
  let outcome: Outcome<SpliceEnding>
  var framing: any StreamFraming

  /// Of the plain socket: what epoll said last and no EAGAIN has taken back.
  var canRead = true
  var canWrite = true
  /// The plain socket's peer ends its side: a short read is no sign that it is empty.
  var inputEnds = false
  /// Framed, and not taken by the stream yet.
  var unsent = InputBuffer()
  /// So many bytes at the front of the stream's input are payload of a frame whose head was read.
  var payloadLeft = 0
  /// Passed on to the plain socket in this turn.
  var passedBytes = 0
  /// The plain socket has said all, and that was framed.
  var hasSentEnd = false
  /// The other end has said all.
  var hasReceivedEnd = false
  /// Nobody takes what comes any more.
  var isPlainGone = false
  /// Nothing more comes out of the stream.
  var hasStreamEnded = false
  /// What came out of it were no frames.
  var isMalformed = false
  var isOver = false

  private var ticket = Ticket(descriptor: -1, generation: 0)
  private let halfOpenPatience: UInt64
  private var isScheduled = false
  /// Nobody tells it what comes; it looks at each beat.
  private var isBeating = false
  private var quietBeats = 0

  /// What a direction may move before the other, and the others of the loop, get their turn.
  static let bytesPerTurn = 512 << 10
  static let pieceBytes = 64 << 10
  /// With less than this a turn moved little.
  private static let littleBytes = 16 << 10
  /// So many beats in which nothing came: the next may come when it will.
  private static let quietBeatsAtMost = 2

  init(
    _ stream: SecureStream, _ plain: PlainSocket, _ framing: any StreamFraming, halfOpenPatience: UInt64,
    _ meter: StreamMeter?, _ outcome: Outcome<SpliceEnding>
  ) {
    (self.stream, self.plain, self.framing, self.meter, self.outcome) = (stream, plain, framing, meter, outcome)
    self.halfOpenPatience = halfOpenPatience
  }

  func start() throws(SystemFailure) { ticket = try stream.loop.watch(plain.descriptor, self) }

  func becameReady(_ readiness: Readiness) {
    if readiness.canRead { canRead = true }
    if readiness.canWrite { canWrite = true }
    if readiness.inputEnds { inputEnds = true }
    goOn()
  }

  // MARK: Beats

  /// After a turn that somebody was woken for.
  private func slowDown(afterMoving bytes: Int) {
    guard !isBeating, bytes < Self.littleBytes, !stream.loop.mayWakePromptly() else { return }
    isBeating = true
    quietBeats = 0
    listen(false)
    stream.loop.beat(self)
  }

  func beat() -> Bool {
    guard !isOver else { return false }
    // Nobody has said so; it is tried.
    (canRead, stream.canRead) = (true, true)
    let bytes = move()
    guard !isOver else { return false }
    quietBeats = bytes == 0 ? quietBeats + 1 : 0
    isBeating = quietBeats < Self.quietBeatsAtMost && bytes < Self.pieceBytes
    if !isBeating { listen(true) }
    return isBeating
  }

  private func listen(_ isTold: Bool) {
    stream.loop.listen(ticket, isTold)
    stream.listen(isTold)
  }

  /// The stream has the deadlines of both.
  func deadlinePassed() {}

  func stopGently() {}

  func stopNow() { stream.fail(.stopping) }

  /// Moves what can be moved, within the bounds of a turn.
  func goOn() {
    guard !isOver else { return }
    let moved = move()
    if !isOver { slowDown(afterMoving: moved) }
  }

  /// How much it was.
  private func move() -> Int {
    let (sent, received) = (moveOut(), moveIn())
    meter?.count(received: passedBytes, sent: sent)
    passedBytes = 0
    if isMalformed {
      stream.fail(StreamFailure(.cut, "the peer sent what is no frame"))
    } else if hasSentEnd, hasReceivedEnd, unsent.isEmpty {
      end()
    } else if hasStreamEnded {
      stream.fail(.cut)
    } else {
      if hasSentEnd || hasReceivedEnd { waitForTheRest(hasMoved: sent + received > 0) }
      if sent >= Self.bytesPerTurn || received >= Self.bytesPerTurn { goOnNextTurn() }
    }
    return sent + received
  }

  func goOnNextTurn() {
    guard !isScheduled else { return }
    isScheduled = true
    stream.loop.execute {
      self.isScheduled = false
      self.goOn()
    }
  }

  /// One side has ended: as long as something moves the other may take its time. Where nobody takes what moves, it may not.
  private func waitForTheRest(hasMoved: Bool) {
    if !stream.hasDeadline || hasMoved && !isPlainGone {
      stream.setDeadline(at: stream.loop.now &+ halfOpenPatience)
    }
  }

  private func end() {
    leave()
    plain.close()
    if hasStreamEnded { stream.end() } else { stream.rest() }
    outcome.settle(.whole)
  }

  /// The stream is gone.
  func streamClosed(_ failure: StreamFailure) {
    guard !isOver else { return }
    leave()
    plain.cut()
    outcome.settle(.cut(failure))
  }

  private func leave() {
    isOver = true
    // The stream may be asked for something else.
    if isBeating, stream.isOpen { stream.listen(true) }
    stream.loop.forget(ticket)
    unsent.removeAll()
  }
}
