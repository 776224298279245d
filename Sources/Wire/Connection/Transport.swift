import CLinux
import Glibc
import OpenSSLKit

/// What one attempt to move bytes came to.
enum Moved: Sendable {
  case bytes(Int)
  case mustWaitToRead
  case mustWaitToWrite
  /// The peer has ended its side in good order.
  case ended
  case failed

  init(_ step: TLSSession.Step) {
    self =
      switch step {
      case .bytes(let count): .bytes(count)
      case .mustWaitToRead: .mustWaitToRead
      case .mustWaitToWrite: .mustWaitToWrite
      case .ended: .ended
      case .failed: .failed
      }
  }
}

/// How bytes get from and to the socket, which it does not own.
enum Transport {
  case plain
  case secure(TLSSession)

  var isSecure: Bool {
    if case .secure = self { true } else { false }
  }

  func receive(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Moved {
    if case .secure(let session) = self { return Moved(session.read(into: buffer)) }
    let count = Glibc.recv(socket, buffer.baseAddress, buffer.count, 0)
    if count > 0 { return .bytes(count) }
    return count == 0 ? .ended : Self.failure(errno, .mustWaitToRead)
  }

  /// - Parameter more: bytes of the same message follow at once, so a short packet may wait for them.
  func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool) -> Moved {
    if case .secure(let session) = self { return Moved(session.write(bytes)) }
    let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
    let count = Glibc.send(socket, bytes.baseAddress, bytes.count, flags)
    return count >= 0 ? .bytes(count) : Self.failure(errno, .mustWaitToWrite)
  }

  /// Bytes that were taken from the socket and not yet asked for.
  var pendingBytes: Int {
    if case .secure(let session) = self { session.pendingBytes } else { 0 }
  }

  /// The last word to the peer; the socket's end comes next.
  func end() {
    if case .secure(let session) = self { session.end() }
  }

  static func failure(_ code: Int32, _ wait: Moved) -> Moved {
    switch code {
    case EAGAIN, EWOULDBLOCK: wait
    case EINTR: .bytes(0)
    default: .failed
    }
  }
}
