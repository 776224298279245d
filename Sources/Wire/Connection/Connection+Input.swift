import CLinux
import Glibc

extension Connection {
  /// One attempt to read. Keeps `canRead` true to what the kernel said.
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Moved {
    let moved = transport.receive(socket, buffer)
    switch moved {
    case .bytes(let count):
      receiving.moved(bytes: count)
      bytesThisTurn += count
      if case .plain = transport, count < buffer.count, !inputEnds { canRead = false }
    case .mustWaitToRead: canRead = false
    case .mustWaitToWrite: canWrite = false
    case .ended, .failed: break
    }
    return moved
  }

  /// What is there by now, up to the limit. Empty: nothing yet.
  func takeAvailable(atMost limit: Int) throws(ConnectionFailure) -> [UInt8] {
    if let failure { throw failure }
    guard canRead || !input.isEmpty else { return [] }
    let capacity = min(limit, max(input.count + availableInSocket, Self.smallestRead))
    var end: Moved?
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      count = input.take(into: buffer)
      while count < capacity, canRead, end == nil {
        let rest = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count...]))
        let moved = receive(into: rest)
        if case .bytes(let received) = moved { count += received } else { end = moved }
      }
    }
    guard bytes.isEmpty else { return bytes }
    switch end {
    case .ended, .failed: throw .disconnected
    default: return []
    }
  }

  private static let smallestRead = 4 << 10

  private var availableInSocket: Int {
    var count: Int32 = 0
    let code = ioctl(socket, UInt(FIONREAD), &count)
    return transport.pendingBytes + (code == 0 ? Int(count) : 0)
  }

  nonisolated(nonsending) func untilReadable() async throws(ConnectionFailure) {
    if let failure { throw failure }
    guard !canRead else { return }
    // A body has one reader at a time. A task that the handler left behind keeps its place; the second is turned away.
    guard reader == nil else { throw .disconnected }
    let began = loop.lookAtClock()
    setDeadline(at: began + receiving.remaining)
    await withUnsafeContinuation { reader = $0 }
    bytesThisTurn = 0
    receiving.waited(nanoseconds: loop.now - began)
    clearDeadline()
    if let failure { throw failure }
  }
}
