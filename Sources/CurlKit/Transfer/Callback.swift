import BlockingWork
import CCurl
import CLinux
import Glibc

/// The functions that libcurl calls, all on the client's thread. No logic: each finds its transfer and asks it.
enum Callback {
  typealias Move = @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int

  static let receiveBody: Move = { bytes, size, count, own in
    Callback.transfer(own) { $0.receive(UnsafeRawBufferPointer(start: bytes, count: size * count)) } ?? 0
  }

  static let receiveLine: Move = { bytes, size, count, own in
    Callback.transfer(own) { transfer in
      transfer.receive(line: UnsafeRawBufferPointer(start: bytes, count: size * count), MonotonicClock.now)
    } ?? 0
  }

  static let read: Move = { bytes, size, count, own in
    Callback.transfer(own) { transfer in
      transfer.read(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count), MonotonicClock.now)
    } ?? shoal_curl_abort_sending
  }

  static let seek: @convention(c) (UnsafeMutableRawPointer?, curl_off_t, Int32) -> Int32 = { own, position, origin in
    let isRewound = Callback.transfer(own) { origin == SEEK_SET && $0.rewind(to: Int64(position)) } ?? false
    return isRewound ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL
  }

  static let beforeRequest:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<CChar>?, Int32, Int32
    ) -> Int32 = { own, _, _, _, _ in
      Callback.transfer(own) { $0.connected(MonotonicClock.now) }
      return Int32(CURL_PREREQFUNC_OK)
    }

  static let openSocket:
    @convention(c) (UnsafeMutableRawPointer?, curlsocktype, UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t = {
      own, _, address in
      guard let address = address?.pointee else { return -1 }
      // Closed on exec, which libcurl's own sockets are not: children inherit no connection.
      let type = address.socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      let descriptor = socket(address.family, type, address.protocol)
      guard descriptor >= 0 else { return -1 }
      Callback.transfer(own) { $0.opened(descriptor) }
      return descriptor
    }

  static let closeSocket: @convention(c) (UnsafeMutableRawPointer?, curl_socket_t) -> Int32 = { own, descriptor in
    guard let own else { return close(descriptor) }
    return Unmanaged<Engine>.fromOpaque(own).takeUnretainedValue().closeSocket(descriptor)
  }

  static let prepareTLS:
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> CURLcode = {
      _, context, own in
      guard let context else { return CURLE_SSL_CONNECT_ERROR }
      let isGuarded = Callback.transfer(own) { $0.guardPeer(OpaquePointer(context)) } ?? false
      return isGuarded ? CURLE_OK : CURLE_SSL_CONNECT_ERROR
    }

  static let watchSocket:
    @convention(c) (
      UnsafeMutableRawPointer?, curl_socket_t, Int32, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
    ) -> Int32 = { _, descriptor, interest, own, _ in
      guard let own else { return -1 }
      Unmanaged<Engine>.fromOpaque(own).takeUnretainedValue().watch(descriptor, interest)
      return 0
    }

  static let setTimer: @convention(c) (UnsafeMutableRawPointer?, Int, UnsafeMutableRawPointer?) -> Int32 = {
    _, milliseconds, own in
    guard let own else { return -1 }
    Unmanaged<Engine>.fromOpaque(own).takeUnretainedValue().setTimer(milliseconds: milliseconds)
    return 0
  }

  @discardableResult
  private static func transfer<Result>(_ own: UnsafeMutableRawPointer?, _ body: (Transfer) -> Result) -> Result? {
    guard let own else { return nil }
    let transfer = Unmanaged<Transfer>.fromOpaque(own).takeUnretainedValue()
    transfer.engine?.touch(transfer)
    return body(transfer)
  }
}
