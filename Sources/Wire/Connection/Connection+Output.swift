import CLinux
import Glibc

extension Connection {
  /// All of the bytes, as fast as the peer takes them.
  nonisolated(nonsending) func write(_ bytes: [UInt8], more: Bool = false) async throws(ConnectionFailure) {
    var sent = 0
    while sent < bytes.count {
      if let failure { throw failure }
      let moved = bytes.withUnsafeBytes {
        transport.send(socket, UnsafeRawBufferPointer(rebasing: $0[sent...]), more: more)
      }
      sent += try await settle(moved)
    }
  }

  /// Accounts for an attempt to send, waits where the kernel said so, and yields when the turn is used up.
  nonisolated(nonsending) func settle(_ moved: Moved) async throws(ConnectionFailure) -> Int {
    switch moved {
    case .bytes(let count):
      bytesSent += Int64(count)
      bytesThisTurn += count
      if bytesThisTurn >= service.limits.bytesPerTurn { await takeTurns() }
      return count
    case .mustWaitToWrite:
      canWrite = false
      try await untilWritable()
      return 0
    case .mustWaitToRead:
      canRead = false
      try await untilReadable()
      return 0
    case .ended, .failed: throw .disconnected
    }
  }

  nonisolated(nonsending) func takeTurns() async {
    bytesThisTurn = 0
    await loop.yield()
  }

  nonisolated(nonsending) func untilWritable() async throws(ConnectionFailure) {
    if let failure { throw failure }
    guard !canWrite else { return }
    precondition(writer == nil, "a connection has one writer at a time")
    var unsent = unsentBytes
    repeat {
      let began = loop.lookAtClock()
      setDeadline(at: began + sending.remaining)
      await withUnsafeContinuation { writer = $0 }
      if let failure { throw failure }
      // The kernel reports room only when a third of a large buffer is free: ask it what the peer took in the meantime.
      let stillUnsent = unsentBytes
      sending.waited(nanoseconds: loop.now - began)
      sending.moved(bytes: unsent - stillUnsent)
      unsent = stillUnsent
    } while !canWrite && sending.remaining > 0
    bytesThisTurn = 0
    clearDeadline()
    guard canWrite else {
      fail(.tooSlow)
      throw .tooSlow
    }
  }

  /// Bytes in the kernel that the peer has not acknowledged.
  private var unsentBytes: Int {
    var count: Int32 = 0
    let code = ioctl(socket, UInt(TIOCOUTQ), &count)
    return code == 0 ? Int(count) : 0
  }

  /// The deadline of a wait within an exchange has passed.
  func waitIsOver() {
    if let writer = writer.take() { return writer.resume() }
    if reader != nil { fail(.tooSlow) }
  }
}
