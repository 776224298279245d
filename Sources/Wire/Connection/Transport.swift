import CLinux
import Glibc

/// What one attempt to move bytes came to.
enum Moved: Sendable {
  case bytes(Int)
  case mustWaitToRead
  case mustWaitToWrite
  /// The peer has ended its side in good order.
  case ended
  case failed
}

/// How bytes get from and to the socket. Owns neither descriptor nor buffers.
enum Transport {
  case plain

  var isSecure: Bool { false }

  func receive(_ socket: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Moved {
    let count = Glibc.recv(socket, buffer.baseAddress, buffer.count, 0)
    if count > 0 { return .bytes(count) }
    return count == 0 ? .ended : Self.failure(errno, .mustWaitToRead)
  }

  /// - Parameter more: bytes of the same message follow at once, so a short packet may wait for them.
  func send(_ socket: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool) -> Moved {
    let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
    let count = Glibc.send(socket, bytes.baseAddress, bytes.count, flags)
    return count >= 0 ? .bytes(count) : Self.failure(errno, .mustWaitToWrite)
  }

  static func failure(_ code: Int32, _ wait: Moved) -> Moved {
    switch code {
    case EAGAIN, EWOULDBLOCK: wait
    case EINTR: .bytes(0)
    default: .failed
    }
  }
}
