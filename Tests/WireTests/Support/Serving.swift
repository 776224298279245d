import BlockingBodies
import BlockingWork
import Glibc
import OpenSSLKit
import Testing

@testable import Wire

/// Answers by a closure, and remembers how each exchange went.
final class ClosureHandler: Handler {
  typealias Respond = @Sendable (Request, any RequestBody) async -> Response

  private let body: Respond
  private let record = Lock<[Exchange]>([])

  init(_ body: @escaping Respond) { self.body = body }

  var exchanges: [Exchange] { record.withLock(\.self) }

  func respond(to request: Request, body: any RequestBody) async -> Response { await self.body(request, body) }

  func finished(_ request: Request, _ outcome: Exchange) async { record.withLock { $0.append(outcome) } }

  /// Says what it was asked, and with which body.
  static func echo() -> ClosureHandler {
    ClosureHandler { request, body in
      var answer = Array("\(request.method.token) \(request.path)".utf8)
      do {
        while let piece = try await body.next() { answer += [0x20] + piece }
        return Response(status: 200, body: .bytes(answer))
      } catch {
        return Response(status: 400, body: .bytes(Array("\(error)".utf8)))
      }
    }
  }
}

/// Threads for the blocking clients of these tests.
private let clientThreads = BlockingPool(name: "test-client", threads: 4)

/// Runs the body on a thread that may block.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await clientThreads.run(body)
}

/// Starts a server on a free port of the loopback, runs the body on a thread that may block, and stops the server.
func serving(
  _ handler: any Handler, limits: WireLimits = WireLimits(), tls: TLSContext? = nil, loops: Int = 2,
  takers: [String: any StreamTaker] = [:], _ body: @escaping @Sendable (HTTPServer, PeerAddress) throws -> Void
) async throws {
  let configuration = HTTPServer.Configuration(
    listeners: [.tcp(host: "127.0.0.1", port: 0, tls: tls)], loops: loops, diskThreads: 1, limits: limits,
    takers: takers)
  let server = try HTTPServer(configuration: configuration, handler: handler)
  let place = server.addresses[0]
  do {
    try await onThread { try body(server, place) }
  } catch {
    await server.stop(within: .zero)
    throw error
  }
  await server.stop(within: .zero)
}

/// Waits for what another thread brings about. False after a minute.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  let deadline = MonotonicClock.now + 60_000_000_000
  while MonotonicClock.now < deadline {
    if try condition() { return true }
    // A poll of nothing: gives the core away for a millisecond.
    poll(nil, 0, 1)
  }
  return try condition()
}

/// A request's text with the fields that every one needs.
func get(_ target: String, _ lines: String = "", method: String = "GET") -> String {
  "\(method) \(target) HTTP/1.1\r\nHost: test\r\n\(lines)\r\n"
}

/// Everything that opens sockets, one test after the other: they measure time. What counts or takes descriptors does it
/// in a process of its own.
@Suite(.serialized, .blocking)
enum Sockets {}

/// Open sockets and epoll instances of this process: what connections, listeners and loops hold.
func openDescriptorCount() -> Int {
  guard let folder = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(folder) }
  var count = 0
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    var target = [CChar](repeating: 0, count: 64)
    guard readlink("/proc/self/fd/\(name)", &target, 63) > 0 else { continue }
    if strncmp(target, "socket:", 7) == 0 || strcmp(target, "anon_inode:[eventpoll]") == 0 { count += 1 }
  }
  return count
}
