import CLinux
import Glibc
import OpenSSLKit

extension HTTPServer {
  /// What runs on the server's loops beside its connections, until it stops.
  public var streams: Streams { Streams(loops: loops) }
}

/// Streams and plain sockets on the loops of a server. Any thread.
public struct Streams: Sendable {
  let loops: [EventLoop]

  /// A connection to the one peer of this identity, who speaks this protocol and nothing else on it. Whether that peer
  /// believes us shows when something is received.
  /// - Parameters:
  ///   - place: by its numbers, see `lookUp`.
  ///   - context: offers the protocol.
  public func dial(
    _ place: PeerAddress, with context: TLSClientContext, expecting identity: [UInt8], speaking name: String,
    within patience: Duration
  ) async throws(StreamFailure) -> SecureStream {
    let plain = try Self.connect(place)
    let session: TLSSession
    do {
      session = try context.makeSession(socket: plain.descriptor, expecting: identity)
    } catch {
      throw StreamFailure(.unreachable, "\(error)")
    }
    let loop = quietest
    loop.load.add(1, ordering: .relaxed)
    let stream = SecureStream(dialling: plain.giveUp(), session: session, loop: loop)
    let outcome = Outcome<StreamFailure?>()
    guard loop.execute({ stream.open(name, outcome, within: patience) }) else {
      stream.abandon()
      throw .stopping
    }
    if let failure = await outcome.value() { throw failure }
    return stream
  }

  /// Listens at a port of the kernel's choice, and passes on whoever comes, unread.
  /// - Parameter accepted: called on a loop's thread, which it must not block.
  public func listen(at address: String, _ accepted: @escaping PlainListener.Accepted) throws -> PlainListener {
    let listener = try PlainListener(at: address, on: quietest, accepted)
    guard listener.start() else { throw StreamFailure.stopping }
    return listener
  }

  /// Cuts the streams of peers whose certificates say that they are unwanted, in either direction, and the plain sockets that
  /// are spliced with them: what was not sent yet is never sent. At once: each loop does it in its next turn. A handshake that
  /// ends later is not met.
  public func endStreams(where isUnwanted: @escaping @Sendable (TLSPeer) -> Bool) {
    for loop in loops {
      loop.execute {
        loop.forEachWatched { ($0 as? SecureStream)?.end(ifUnwanted: isUnwanted) }
      }
    }
  }

  /// Calls the body on a loop's thread, which it must not block, at the earliest then; never when the server has stopped by
  /// then.
  public func call(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    let loop = loops[0]
    loop.execute { loop.call(at: loop.lookAtClock() &+ delay.clampedNanoseconds, body) }
  }

  /// The addresses of a host, by their numbers. May block in name lookups.
  public static func lookUp(host: String, port: UInt16) throws(StreamFailure) -> [PeerAddress] {
    if let numeric = SocketAddress(host, port: port) { return [numeric.peer] }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    guard code == 0 else { throw StreamFailure(.unreachable, "\(host): \(String(cString: gai_strerror(code)))") }
    defer { freeaddrinfo(list) }
    var places: [PeerAddress] = []
    var entry = list
    while let info = entry {
      places.append(SocketAddress(info.pointee).peer)
      entry = info.pointee.ai_next
    }
    return places
  }

  private var quietest: EventLoop {
    loops.min { $0.load.load(ordering: .relaxed) < $1.load.load(ordering: .relaxed) } ?? loops[0]
  }

  private static func connect(_ place: PeerAddress) throws(StreamFailure) -> PlainSocket {
    guard case .network(let address, let port) = place, let target = SocketAddress(address, port: port) else {
      throw StreamFailure(.unreachable, "\(place) is no address")
    }
    do throws(SystemFailure) {
      let plain = PlainSocket(try PlainSocket.open(target.family))
      try plain.connect(to: place)
      return plain
    } catch {
      throw StreamFailure(.unreachable, "\(place): \(error)")
    }
  }
}
