import BlockingWork
import CLinux
import Glibc
import OpenSSLKit

/// An HTTP/1.1 server: listeners, loops, and the handler they serve.
public final class HTTPServer: Sendable {
  public struct Configuration: Sendable {
    public var listeners: [Place]
    /// Threads that carry connections; as many as cores is right.
    public var loops: Int
    /// Threads that read parts of files that are not in memory.
    public var diskThreads: Int
    public var limits: WireLimits
    /// Who takes connections over that agreed on another protocol than HTTP/1.1, by its name. The `TLSContext` of a
    /// listener must name it among its protocols; one that does not is never asked for it.
    public var takers: [String: any StreamTaker]

    public init(
      listeners: [Place], loops: Int = 2, diskThreads: Int = 4, limits: WireLimits = WireLimits(),
      takers: [String: any StreamTaker] = [:]
    ) {
      self.listeners = listeners
      self.loops = loops
      self.diskThreads = diskThreads
      self.limits = limits
      self.takers = takers
    }
  }

  /// Where to listen.
  public enum Place: Sendable {
    /// A host name or address, and a port; 0 lets the kernel choose.
    case tcp(host: String, port: UInt16, tls: TLSContext? = nil)
    /// A Unix socket, mode 0600.
    case unix(path: String)
  }

  /// Where the server listens, in the order of the configuration; a host name may have several.
  public let addresses: [PeerAddress]
  private let service: Service
  let loops: [EventLoop]
  private let unixPaths: [String]
  private let ending: Ending

  /// Opens the listeners and starts serving, until `stop`. May block in name lookups. Ignores SIGPIPE for the whole
  /// process.
  public init(configuration: Configuration, handler: any Handler) throws {
    signal(SIGPIPE, SIG_IGN)
    let open = try OpenListeners(configuration.listeners)
    let loops: [EventLoop]
    do {
      loops = try (0..<max(1, configuration.loops)).map { _ in try EventLoop() }
    } catch {
      open.closeAll()
      throw error
    }
    let service = Service(
      handler: handler, takers: configuration.takers, limits: configuration.limits,
      diskThreads: max(1, configuration.diskThreads))
    addresses = open.addresses
    (self.service, self.loops, unixPaths) = (service, loops, open.unixPaths)
    ending = Ending(loops: loops.count)
    do {
      for (index, socket) in open.sockets.enumerated() {
        let loop = loops[index % loops.count]
        // No loop runs yet, so this thread may speak for all of them.
        try Listener(socket: socket.descriptor, tls: socket.tls, loop: loop, loops: loops, service: service).start()
      }
    } catch {
      open.closeAll()
      for loop in loops { loop.forgetAll() }
      service.disk.stop()
      throw error
    }
    let threads = Countdown(loops.count) { service.disk.stop() }
    for (index, loop) in loops.enumerated() { loop.start(name: "wire-\(index)") { threads.oneEnded() } }
  }

  /// Closes the listeners and what is idle, lets running exchanges finish, and cuts what is left when the grace is over.
  /// A second call while one waits cuts at once.
  public func stop(within grace: Duration) async {
    if ending.begin() {
      let (ending, nanoseconds) = (ending, grace.clampedNanoseconds)
      for path in unixPaths { unlink(path) }
      for loop in loops {
        loop.execute {
          loop.stop { ending.oneLoopEnded() }
          loop.call(at: loop.now + nanoseconds) { loop.stopNow() }
        }
      }
    } else {
      stopNow()
    }
    await ending.wait()
  }

  /// Cuts every connection. Only sensible while `stop` waits.
  public func stopNow() {
    guard ending.hasBegun, !ending.isOver else { return }
    for loop in loops { loop.execute { loop.stopNow() } }
  }

  /// Cuts the connections of peers whose certificates say that they are unwanted, exchanges that run and streams included:
  /// what was not sent yet is never sent. Any thread, and at once: each loop does it in its next turn. A handshake that ends
  /// later is not met: the handler, asked about its first request, and takers must know by then.
  public func endConnections(where isUnwanted: @escaping @Sendable (TLSPeer) -> Bool) {
    for loop in loops {
      loop.execute {
        loop.forEachWatched { ($0 as? any PeerBound)?.end(ifUnwanted: isUnwanted) }
      }
    }
  }

  public var statistics: ServerStatistics { ServerStatistics(service.counters, open: service.admissions.count) }
}
