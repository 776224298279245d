import BlockingWork

/// Where the task that asked and the client's thread meet: the head, the bytes in between, the end. Any thread.
///
/// It ends once: by the transfer's end, or by whoever wants it no more.
final class Exchange: Sendable {
  /// What the task waits for.
  enum Reading: Equatable {
    /// The head, and then the body in pieces; the peer waits when the buffer is full.
    case pieces
    /// Everything, if it is no more than so many bytes.
    case whole(limitBytes: Int)
  }

  enum Outcome {
    case whole
    case failed(HTTPClientError)
  }

  enum Delivery {
    case taken
    /// Nothing was taken; the reader asks for more when it has come.
    case full
    case tooLarge(limitBytes: Int)
  }

  fileprivate struct State {
    var head: HTTPHead?
    var bytes: [UInt8] = []
    var isFull = false
    var outcome: Outcome?
    var reader: UnsafeContinuation<Void, Never>?
    var pump: Task<Void, Never>?
  }

  /// What the client keeps of a body that nobody has read yet. libcurl has as much again in its own buffers.
  static let capacityBytes = 128 << 10
  /// From so many bytes on the reader is called while more comes in, so that the two work side by side.
  fileprivate static let callReaderBytes = 96 << 10

  let origin: HTTPOrigin
  private let reading: Reading
  private let inbox: CommandInbox
  private let state = Lock(State())

  init(_ origin: HTTPOrigin, _ reading: Reading, _ inbox: CommandInbox) {
    self.origin = origin
    self.reading = reading
    self.inbox = inbox
  }

  // MARK: The task

  nonisolated(nonsending) func head() async throws(HTTPClientError) -> HTTPHead {
    while true {
      let (head, failure) = state.withLock { ($0.head, $0.failure) }
      if let head { return head }
      if let failure { throw failure }
      // No end without a head is a whole one, so this waits.
      await change { $0.head != nil }
    }
  }

  /// The next bytes, at least one; `nil` at the end. What came before a failure is given first.
  nonisolated(nonsending) func nextPiece() async throws(HTTPClientError) -> [UInt8]? {
    while true {
      let (bytes, outcome, wasFull) = state.withLock { $0.takeBytes() }
      if wasFull { _ = inbox.put(.resumeReceiving(self)) }
      if !bytes.isEmpty { return bytes }
      switch outcome {
      case .whole: return nil
      case .failed(let failure): throw failure
      case nil: await change { !$0.bytes.isEmpty }
      }
    }
  }

  nonisolated(nonsending) func answer() async throws(HTTPClientError) -> HTTPAnswer {
    await change { _ in false }
    let (head, bytes, outcome) = state.withLock { ($0.head, $0.bytes, $0.outcome) }
    if case .failed(let failure) = outcome { throw failure }
    guard let head else { throw .cancelled }
    return HTTPAnswer(head: head, body: bytes)
  }

  /// Cancels the pump of a streamed request at the exchange's end.
  func attach(_ pump: Task<Void, Never>) {
    let isOver = state.withLock { state in
      if state.outcome == nil { state.pump = pump }
      return state.outcome != nil
    }
    if isOver { pump.cancel() }
  }

  /// Nobody wants the rest.
  func cancel() {
    if end(.failed(.cancelled), keepsBytes: false) { _ = inbox.put(.cancel(self)) }
  }

  /// Until what is wanted is there, or the exchange is over. Called by one task at a time; its cancellation ends the exchange.
  private nonisolated(nonsending) func change(_ isWanted: @Sendable (borrowing State) -> Bool) async {
    await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let isThere = state.withLock { state in
          if state.outcome != nil || isWanted(state) { return true }
          precondition(state.reader == nil, "a body has one reader at a time")
          state.reader = continuation
          return false
        }
        if isThere { continuation.resume() }
      }
    } onCancel: {
      cancel()
    }
  }

  // MARK: The client's thread

  /// The body may be large.
  var readsInPieces: Bool { reading == .pieces }

  var isOver: Bool { state.withLock { $0.outcome != nil } }

  func deliver(_ head: HTTPHead) {
    state.withLock { $0.head = head }
  }

  func deliver(_ piece: UnsafeRawBufferPointer) -> Delivery {
    let (delivery, reader) = state.withLock { $0.take(piece, reading) }
    reader?.resume()
    return delivery
  }

  /// After a turn in which something was delivered: the reader is called once for all of it.
  func callReader() {
    guard readsInPieces else { return }
    state.withLock { $0.reader.take() }?.resume()
  }

  /// False when it was over before.
  @discardableResult
  func end(_ outcome: Outcome, keepsBytes: Bool = true) -> Bool {
    let (isFirst, reader, pump) = state.withLock { state in
      guard state.outcome == nil else {
        return (false, nil as UnsafeContinuation<Void, Never>?, nil as Task<Void, Never>?)
      }
      state.outcome = outcome
      if !keepsBytes { state.bytes = [] }
      return (true, state.reader.take(), state.pump.take())
    }
    pump?.cancel()
    reader?.resume()
    return isFirst
  }
}

extension Exchange.State {
  fileprivate var failure: HTTPClientError? {
    if case .failed(let failure) = outcome { failure } else { nil }
  }

  fileprivate mutating func takeBytes() -> ([UInt8], Exchange.Outcome?, wasFull: Bool) {
    var taken: [UInt8] = []
    swap(&taken, &bytes)
    defer { isFull = false }
    return (taken, outcome, isFull)
  }

  /// And whom to call at once.
  fileprivate mutating func take(_ piece: UnsafeRawBufferPointer, _ reading: Exchange.Reading)
    -> (Exchange.Delivery, UnsafeContinuation<Void, Never>?)
  {
    guard outcome == nil else { return (.taken, nil) }
    switch reading {
    case .whole(let limit):
      guard bytes.count + piece.count <= limit else { return (.tooLarge(limitBytes: limit), nil) }
      bytes.append(contentsOf: piece)
      return (.taken, nil)
    case .pieces:
      guard bytes.count + piece.count <= Exchange.capacityBytes else {
        isFull = true
        return (.full, reader.take())
      }
      // A large body fills the whole of it: no growing step by step.
      if bytes.isEmpty, piece.count >= 16 << 10 { bytes.reserveCapacity(Exchange.capacityBytes) }
      bytes.append(contentsOf: piece)
      return (.taken, bytes.count >= Exchange.callReaderBytes ? reader.take() : nil)
    }
  }
}
