import CLinux
import Glibc

/// What stands at the front of the input.
enum NextHead {
  case request(Incoming)
  case incomplete
  case refused(HeadRefusal)
  case ended
}

extension Connection {
  /// Small, so that little of a body comes along with its head and must be copied twice.
  private static let headReadBytes = 16 << 10

  /// The phase is `awaitingHead` and there is something to read.
  func readHead() {
    switch nextHead() {
    case .request(let incoming): begin(incoming)
    case .incomplete: break
    case .refused(let refusal): refuse(refusal)
    case .ended: close()
    }
  }

  /// Parses what is there, reading as long as the head is not whole. Sets the deadline of a head that has begun.
  func nextHead() -> NextHead {
    if scanner == nil, !input.isEmpty, let next = parseInput() { return next }
    while canRead {
      let window = UnsafeMutableRawBufferPointer(rebasing: loop.scratch[..<Self.headReadBytes])
      switch receive(into: window) {
      case .bytes(let count):
        if let next = take(UnsafeRawBufferPointer(rebasing: window[..<count])) { return next }
      case .mustWaitToRead, .mustWaitToWrite: return .incomplete
      case .ended, .failed: return .ended
      }
    }
    return .incomplete
  }

  /// `nil`: the head goes on.
  private func take(_ received: UnsafeRawBufferPointer) -> NextHead? {
    guard input.isEmpty else {
      input.append(received)
      return parseInput()
    }
    let (next, used) = received.withMemoryRebound(to: UInt8.self) { parse($0.span) }
    if used < received.count { input.append(UnsafeRawBufferPointer(rebasing: received[used...])) }
    if next == nil { headHasBegun() }
    return next
  }

  private func parseInput() -> NextHead? {
    let isFirstTry = scanner == nil
    if isFirstTry { headHasBegun() } else if !scanOn(), input.count < service.limits.headBytes { return nil }
    let (next, used) = input.withSpan { parse($0) }
    input.consume(used)
    if next != nil { scanner = nil }
    return next
  }

  private func headHasBegun() {
    scanner = HeadScanner()
    _ = scanOn()
    if hasServed { setDeadline(after: service.patience.head) }
  }

  private func scanOn() -> Bool {
    input.withSpan { scanner?.isWorthParsing($0) ?? true }
  }

  private func parse(_ bytes: Span<UInt8>) -> (next: NextHead?, used: Int) {
    do {
      guard let head = try service.parser.parse(bytes) else { return (nil, 0) }
      guard isClientStillValid else { return (.ended, head.byteCount) }
      return (.request(Incoming(head, bytes, origin)), head.byteCount)
    } catch {
      return (.refused(error), 0)
    }
  }

  /// A certificate may expire while its connection lives. The connection ends then as an idle one does: a client that has a
  /// new certificate comes again with it, and another is told in the handshake what is wrong.
  private var isClientStillValid: Bool {
    guard let client = origin.client else { return true }
    return client.validity.contains(loop.date.seconds())
  }
}
