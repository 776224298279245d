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

    public init(listeners: [Place], loops: Int = 2, diskThreads: Int = 4, limits: WireLimits = WireLimits()) {
      self.listeners = listeners
      self.loops = loops
      self.diskThreads = diskThreads
      self.limits = limits
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
  private let loops: [EventLoop]
  private let unixPaths: [String]
  private let ending: Ending

  /// Opens the listeners and starts serving. Ignores SIGPIPE for the whole process.
  public init(configuration: Configuration, handler: any Handler) throws {
    signal(SIGPIPE, SIG_IGN)
    let service = Service(
      handler: handler, limits: configuration.limits, diskThreads: max(1, configuration.diskThreads))
    let loops = try (0..<max(1, configuration.loops)).map { _ in try EventLoop() }
    var sockets: [(descriptor: Int32, tls: TLSContext?)] = []
    var paths: [String] = []
    do {
      for place in configuration.listeners {
        switch place {
        case .tcp(let host, let port, let tls):
          sockets += try ListeningSocket.openTCP(host: host, port: port).map { ($0, tls) }
        case .unix(let path):
          sockets.append((try ListeningSocket.openUnix(path: path), nil))
          paths.append(path)
        }
      }
    } catch {
      for socket in sockets { close(socket.descriptor) }
      throw error
    }
    addresses = sockets.map { ListeningSocket.localAddress($0.descriptor) }
    (self.service, self.loops, unixPaths) = (service, loops, paths)
    ending = Ending(loops: loops.count)
    let threads = Countdown(loops.count) { service.disk.stop() }
    for (index, loop) in loops.enumerated() { loop.start(name: "wire-\(index)") { threads.oneEnded() } }
    for (index, socket) in sockets.enumerated() {
      listen(socket.descriptor, socket.tls, on: loops[index % loops.count])
    }
  }

  private func listen(_ socket: Int32, _ tls: TLSContext?, on loop: EventLoop) {
    let listener = Listener(socket: socket, tls: tls, loop: loop, loops: loops, service: service)
    loop.execute {
      do { try listener.start() } catch { preconditionFailure("a new loop refused its listener: \(error)") }
    }
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

  public var statistics: ServerStatistics { ServerStatistics(service.counters, open: service.admissions.count) }
}
