import BlockingWork
import CCurl

/// One request and its answer, on the client's thread. Any thread may make one and hand it over; after that it belongs to
/// the engine.
final class Transfer: Sleeper, @unchecked Sendable {
  // Unchecked: after it was handed over it is touched on the client's thread only.

  enum Phase {
    /// For its turn.
    case waiting
    case connecting
    case sending
    case awaitingHead
    case receiving
    case ended
  }

  let request: HTTPRequest
  let exchange: Exchange
  let upload: Upload?
  private(set) var phase = Phase.waiting
  var easy: EasyHandle?
  var isTouched = false
  var alarmPlace = -1
  var alarm = UInt64.max
  /// Why a callback stopped the transfer: says more than libcurl's code.
  private(set) var failure: HTTPClientError?
  /// While it runs.
  private(set) var engine: Engine?
  private var credentials: TLSCredentials?
  /// No connection of the pool served it.
  private(set) var hasOpened = false
  /// Of its connection.
  private var peerGuard: PeerGuard?
  private var endsWithConnection = false

  private var head = HeadBuilder(limitBytes: 0, followsRedirects: false)
  private var isReceivingPaused = false
  private var isSendingPaused = false
  /// Of a streamed body, what libcurl has not taken yet; of one in memory, the whole.
  private var piece: [UInt8] = []
  private var offset = 0
  private var sentBytes: Int64 = 0
  private var budget: RateBudget
  private let wholeDeadline: UInt64
  private var phaseDeadline = UInt64.max
  private var lastMove: UInt64 = 0
  private var movedBytes = 0

  init(_ request: HTTPRequest, _ exchange: Exchange) {
    self.request = request
    self.exchange = exchange
    budget = RateBudget(request.patience)
    wholeDeadline = request.patience.whole.map { MonotonicClock.now &+ $0.clampedNanoseconds } ?? .max
    switch request.body {
    case .none: upload = nil
    case .bytes(let bytes): (upload, piece) = (nil, bytes)
    case .stream(let length, let source): upload = Upload(length: length, source)
    }
  }

  var origin: HTTPOrigin { request.url.origin }

  /// What libcurl's code means, if anything went wrong.
  func error(_ code: CURLcode) -> HTTPClientError? {
    if let failure { return failure }
    // libcurl takes a head that breaks off in the middle for an answer.
    if code == CURLE_OK, phase != .receiving { return .cut(origin, reason: "its head is not whole") }
    // And the end of a TCP connection for the end of a body, also where TLS would have said so.
    if code == CURLE_OK, endsWithConnection, origin.scheme == .https, !(peerGuard?.hasEnded ?? false) {
      return .cut(origin, reason: "the body has no end")
    }
    guard code != CURLE_OK else { return nil }
    if let refusal = peerGuard?.refusal { return .tlsRefused(origin, reason: refusal) }
    guard let easy else { return .cancelled }
    return FailureTable.error(
      code, origin, isAwaitingHead: phase == .awaitingHead, details: easy.failureDetails, systemError: easy.systemError)
  }

  // MARK: Time

  /// When the engine must look at it again.
  var nextLook: UInt64 { min(wholeDeadline, phaseDeadline) }

  /// - Parameter credentials: for the connections that it opens, whatever the engine is given in the meantime.
  func begin(_ engine: Engine, _ credentials: TLSCredentials, followsRedirects: Bool, _ now: UInt64) {
    self.engine = engine
    self.credentials = credentials
    head = HeadBuilder(limitBytes: engine.limits.headBytes, followsRedirects: followsRedirects)
    phase = .connecting
    phaseDeadline = now &+ request.patience.connect.clampedNanoseconds
  }

  /// What is over by now, if anything is.
  func lateness(_ now: UInt64) -> HTTPClientError? {
    if now >= wholeDeadline { return .late(origin, .whole) }
    guard now >= phaseDeadline else { return nil }
    switch phase {
    case .connecting: return .cannotConnect(origin, .timedOut)
    case .awaitingHead: return .late(origin, .firstByte)
    case .sending, .receiving: return .stalled(origin)
    case .waiting, .ended: return nil
    }
  }

  /// At the end of a turn in which something happened: settles what the peer's slowness has cost.
  func settleTime(_ now: UInt64) {
    defer { movedBytes = 0 }
    let isPaused: Bool
    switch phase {
    case .sending: isPaused = isSendingPaused
    // An upload that still waits for its source holds up the end of the answer.
    case .receiving: isPaused = isReceivingPaused || isSendingPaused
    case .waiting, .connecting, .awaitingHead, .ended: return
    }
    if phaseDeadline < .max || movedBytes > 0 {
      budget.spend(nanoseconds: now &- min(now, lastMove), bytes: movedBytes)
    }
    lastMove = now
    phaseDeadline = isPaused ? .max : now.addingClamped(budget.remaining)
  }

  func end() {
    phase = .ended
    piece = []
    (peerGuard, credentials, engine) = (nil, nil, nil)
  }

  // MARK: Called by libcurl

  func opened(_ socket: Int32) {
    hasOpened = true
    engine?.opened(socket, for: origin)
  }

  /// A connection that it opened is about to shake hands. False when OpenSSL does not take what we ask.
  func guardPeer(_ context: OpaquePointer) -> Bool {
    guard let credentials else { return false }
    let peerGuard = PeerGuard(credentials, origin)
    self.peerGuard = peerGuard
    return peerGuard.watch(context)
  }

  /// The connection stands, and the request is about to be sent.
  func connected(_ now: UInt64) {
    guard phase == .connecting else { return }
    switch request.body {
    case .none: awaitHead(now)
    case .bytes(let bytes) where bytes.count <= EasyHandle.sentWithHeadBytes: awaitHead(now)
    case .bytes, .stream:
      phase = .sending
      lastMove = now
      phaseDeadline = now.addingClamped(budget.remaining)
    }
  }

  private func awaitHead(_ now: UInt64) {
    phase = .awaitingHead
    phaseDeadline = now &+ request.patience.firstByte.clampedNanoseconds
  }

  /// Fills libcurl's buffer, and returns what libcurl wants to be told.
  func read(into buffer: UnsafeMutableRawBufferPointer, _ now: UInt64) -> Int {
    if offset == piece.count, let upload {
      switch upload.take() {
      case .piece(let next): (piece, offset) = (next, 0)
      case .notYet:
        isSendingPaused = true
        return shoal_curl_pause_sending
      case .failed(let failure): return stop(failure, shoal_curl_abort_sending)
      case .end: (piece, offset) = ([], 0)
      }
    }
    let count = min(buffer.count, piece.count - offset)
    piece.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count])) }
    offset += count
    sentBytes += Int64(count)
    movedBytes += count
    if phase == .sending, count == 0 || sentBytes == bodyLength { awaitHead(now) }
    return count
  }

  /// The connection that was taken from the pool was dead: from the start again. False when what was sent is gone.
  func rewind(to position: Int64) -> Bool {
    guard position == 0, upload == nil || sentBytes == 0 else { return false }
    (offset, sentBytes) = (0, 0)
    return true
  }

  private var bodyLength: Int64? {
    switch request.body {
    case .none: 0
    case .bytes(let bytes): Int64(bytes.count)
    case .stream(let length, _): length
    }
  }

  /// A line of the head, or of the trailers.
  func receive(line: UnsafeRawBufferPointer, _ now: UInt64) -> Int {
    switch head.take(line, status: { easy?.status ?? 0 }) {
    case .goesOn: return line.count
    case .tooLarge: return stop(.tooLarge(origin, .head, limitBytes: head.limitBytes), 0)
    case .malformed(let reason): return stop(.malformedAnswer(origin, reason: reason), 0)
    case .complete(let head):
      phase = .receiving
      endsWithConnection = self.head.endsWithConnection && request.method != .head
      // The connection may be another transfer's.
      if origin.scheme == .https { peerGuard = easy.flatMap { PeerGuard.of($0.session) } }
      budget = RateBudget(request.patience)
      lastMove = now
      phaseDeadline = now.addingClamped(budget.remaining)
      exchange.deliver(head)
      return line.count
    }
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch exchange.deliver(bytes) {
    case .taken:
      movedBytes += bytes.count
      return bytes.count
    case .full:
      isReceivingPaused = true
      return shoal_curl_pause_receiving
    case .tooLarge(let limitBytes): return stop(.tooLarge(origin, .body, limitBytes: limitBytes), 0)
    }
  }

  private func stop(_ failure: HTTPClientError, _ word: Int) -> Int {
    self.failure = failure
    return word
  }

  // MARK: Pauses

  /// What stays paused when the reader has come; `nil` when nothing was.
  func receivingResumes(_ now: UInt64) -> Int32? {
    guard isReceivingPaused else { return nil }
    isReceivingPaused = false
    lastMove = now
    return isSendingPaused ? Int32(CURLPAUSE_SEND) : 0
  }

  func sendingResumes(_ now: UInt64) -> Int32? {
    guard isSendingPaused else { return nil }
    isSendingPaused = false
    lastMove = now
    return isReceivingPaused ? Int32(CURLPAUSE_RECV) : 0
  }
}

extension UInt64 {
  fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
    let (sum, overflows) = addingReportingOverflow(other)
    return overflows ? .max : sum
  }
}
