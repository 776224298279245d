import Glibc
import OpenSSLKit

/// A few bytes that are waited for.
final class Receipt {
  let count: Int
  var bytes: [UInt8] = []
  let outcome: Outcome<Result<[UInt8], StreamFailure>>

  init(_ count: Int, _ outcome: Outcome<Result<[UInt8], StreamFailure>>) {
    (self.count, self.outcome) = (count, outcome)
  }
}

/// A few bytes that go out.
final class Delivery {
  let bytes: [UInt8]
  var sent = 0
  let outcome: Outcome<StreamFailure?>

  init(_ bytes: [UInt8], _ outcome: Outcome<StreamFailure?>) {
    (self.bytes, self.outcome) = (bytes, outcome)
  }
}

extension SecureStream {
  /// The next bytes, so many and no more. For short messages: they are kept in memory until all are there.
  public func receive(_ count: Int, within patience: Duration) async throws(StreamFailure) -> [UInt8] {
    let outcome = Outcome<Result<[UInt8], StreamFailure>>()
    let isTaken = loop.execute { self.undertake(.receiving(Receipt(count, outcome)), within: patience) }
    guard isTaken else { throw .stopping }
    return try await outcome.value().get()
  }

  /// Returns when the kernel has them all.
  public func send(_ bytes: [UInt8], within patience: Duration) async throws(StreamFailure) {
    let outcome = Outcome<StreamFailure?>()
    let isTaken = loop.execute { self.undertake(.sending(Delivery(bytes, outcome)), within: patience) }
    guard isTaken else { throw .stopping }
    if let failure = await outcome.value() { throw failure }
  }

  // MARK: The loop's thread

  func undertake(_ duty: Duty, within patience: Duration) {
    guard isOpen else { return settle(duty, .cut) }
    guard case .none = self.duty else { preconditionFailure("a stream is asked for one thing at a time") }
    self.duty = duty
    setDeadline(at: loop.lookAtClock() &+ patience.clampedNanoseconds)
    goOn()
  }

  func settle(_ duty: Duty, _ failure: StreamFailure) {
    switch duty {
    case .none: break
    case .opening(let opening): opening.outcome.settle(failure)
    case .receiving(let receipt): receipt.outcome.settle(.failure(failure))
    case .sending(let delivery): delivery.outcome.settle(failure)
    case .splicing(let splice): splice.streamClosed(failure)
    }
  }

  func goOn() {
    guard isOpen else { return }
    switch duty {
    case .none: listen()
    case .opening(let opening): goOn(opening)
    case .receiving(let receipt): receive(receipt)
    case .sending(let delivery): send(delivery)
    case .splicing(let splice): splice.goOn()
    }
  }

  /// One attempt. Keeps `canRead` and `canWrite` true to what the kernel said.
  func read(into buffer: UnsafeMutableRawBufferPointer) -> Moved { note(Moved(session.read(into: buffer))) }

  func write(_ bytes: UnsafeRawBufferPointer) -> Moved { note(Moved(session.write(bytes))) }

  private func note(_ moved: Moved) -> Moved {
    switch moved {
    case .mustWaitToRead: canRead = false
    case .mustWaitToWrite: canWrite = false
    case .bytes, .ended, .failed: break
    }
    return moved
  }

  /// Nobody asks for anything: whether the peer is still there shows only when something is read.
  private func listen() {
    guard canRead, input.isEmpty else { return }
    let buffer = UnsafeMutableRawBufferPointer(rebasing: loop.scratch[..<1])
    switch read(into: buffer) {
    case .bytes: input.append(UnsafeRawBufferPointer(buffer))
    case .mustWaitToRead, .mustWaitToWrite: break
    case .ended: end()
    case .failed: fail(.cut)
    }
  }

  private func receive(_ receipt: Receipt) {
    while receipt.bytes.count < receipt.count {
      let missing = receipt.count - receipt.bytes.count
      if !input.isEmpty {
        receipt.bytes += [UInt8](unsafeUninitializedCapacity: missing) { $1 = input.take(into: $0) }
        continue
      }
      guard canRead else { return }
      let buffer = UnsafeMutableRawBufferPointer(rebasing: loop.scratch[..<min(missing, loop.scratch.count)])
      switch read(into: buffer) {
      case .bytes(let count): receipt.bytes.append(contentsOf: buffer[..<count])
      case .mustWaitToRead, .mustWaitToWrite: return
      case .ended: return end()
      case .failed: return fail(failure)
      }
    }
    rest()
    receipt.outcome.settle(.success(receipt.bytes))
  }

  private func send(_ delivery: Delivery) {
    while delivery.sent < delivery.bytes.count {
      guard canWrite else { return }
      switch delivery.bytes.withUnsafeBytes({ write(UnsafeRawBufferPointer(rebasing: $0[delivery.sent...])) }) {
      case .bytes(let count): delivery.sent += count
      case .mustWaitToRead, .mustWaitToWrite: return
      case .ended: return end()
      case .failed: return fail(failure)
      }
    }
    rest()
    delivery.outcome.settle(nil)
  }

  func rest() {
    duty = .none
    clearDeadline()
  }

  /// What the session has to say about its end. That the peer does not believe us is told only now: in TLS 1.3 a client's
  /// handshake ends before the server has looked at its certificate.
  private var failure: StreamFailure { session.failure.map { StreamFailure(.cut, "\($0)") } ?? .cut }
}
