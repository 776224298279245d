import CLinux
import Glibc

/// Sockets that listen: opened at the start, on any thread. May block in the name lookup.
enum ListeningSocket {
  private static let backlog: Int32 = 4_096

  /// All addresses of the host name. With port 0 the kernel chooses one port for them all.
  static func openTCP(host: String, port: UInt16) throws(ListenFailure) -> [Int32] {
    let place = "\(host):\(port)"
    var opened: [Int32] = []
    var chosen = port
    var lastFailure = ListenFailure(place: place, reason: "the host name has no address")
    for address in try resolve(host, port, place) {
      do throws(SystemFailure) {
        let socket = try open(address.withPort(chosen))
        opened.append(socket)
        if case .network(_, let port) = localAddress(socket) { chosen = port }
      } catch {
        lastFailure = ListenFailure(place: place, reason: String(cString: strerror(error.code)))
        // A host without IPv6 still has its IPv4 addresses.
        if error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT { continue }
        for socket in opened { close(socket) }
        throw lastFailure
      }
    }
    guard !opened.isEmpty else { throw lastFailure }
    return opened
  }

  /// Takes the place of a socket that nobody listens on any more; refuses when somebody does. Mode 0600 from the start.
  static func openUnix(path: String) throws(ListenFailure) -> Int32 {
    guard let address = SocketAddress(unixPath: path) else {
      throw ListenFailure(place: path, reason: "the path is too long for a Unix socket (107 bytes)")
    }
    try removeDeadSocket(path, address)
    do throws(SystemFailure) {
      // Connecting needs write permission: the mode is set between bind and listen, so nobody slips in before it.
      return try open(address) { chmod(path, 0o600) }
    } catch {
      throw ListenFailure(place: path, reason: String(cString: strerror(error.code)))
    }
  }

  static func localAddress(_ socket: Int32) -> PeerAddress {
    var address = SocketAddress()
    let code = address.withMutablePointer { getsockname(socket, $0, $1) }
    return code == 0 ? address.peer : .local
  }

  private static func open(_ address: SocketAddress, afterBind: () -> Int32 = { 0 }) throws(SystemFailure) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = socket(address.family, type, 0)
    guard descriptor >= 0 else { throw SystemFailure("socket", errno) }
    var failure: SystemFailure?
    if address.family != AF_UNIX { set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) }
    // `::` is IPv6 alone, so that `0.0.0.0` may stand beside it on the same port.
    if address.family == AF_INET6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    if address.withPointer({ bind(descriptor, $0, $1) }) != 0 {
      failure = SystemFailure("bind", errno)
    } else if afterBind() != 0 {
      failure = SystemFailure("chmod", errno)
    } else if listen(descriptor, backlog) != 0 {
      failure = SystemFailure("listen", errno)
    }
    guard let failure else { return descriptor }
    close(descriptor)
    throw failure
  }

  static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  private static func resolve(_ host: String, _ port: UInt16, _ place: String) throws(ListenFailure) -> [SocketAddress]
  {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else { throw ListenFailure(place: place, reason: String(cString: gai_strerror(code))) }
    defer { freeaddrinfo(list) }
    var addresses: [SocketAddress] = []
    var entry = list
    while let info = entry {
      addresses.append(SocketAddress(info.pointee))
      entry = info.pointee.ai_next
    }
    return addresses
  }

  private static func removeDeadSocket(_ path: String, _ address: SocketAddress) throws(ListenFailure) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      throw ListenFailure(place: path, reason: "a file that is no socket is in the way")
    }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    defer { close(probe) }
    guard address.withPointer({ connect(probe, $0, $1) }) != 0 else {
      throw ListenFailure(place: path, reason: "somebody listens there already")
    }
    unlink(path)
  }
}

/// Why a listener could not be opened.
public struct ListenFailure: Error, Sendable, CustomStringConvertible {
  public let place: String
  public let reason: String

  public var description: String { "cannot listen on \(place): \(reason)" }
}
