import BlockingBodies
import BlockingWork
import CurlKit
import Glibc
import OpenSSLKit
import Testing
import Wire

/// Answers by a closure.
struct ClosureHandler: Handler {
  let body: @Sendable (Request, any RequestBody) async -> Response

  func respond(to request: Request, body: any RequestBody) async -> Response { await self.body(request, body) }

  func finished(_ request: Request, _ outcome: Exchange) async {}
}

/// Wire on a free port of the loopback, and a client, for as long as the body runs.
func serving(
  tls: TLSContext? = nil, configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
  credentials: TLSCredentials? = nil, wireLimits: WireLimits = WireLimits(),
  _ respond: @escaping @Sendable (Request, any RequestBody) async -> Response,
  _ body: (HTTPClient, HTTPOrigin, HTTPServer) async throws -> Void
) async throws {
  let server = try HTTPServer(
    configuration: .init(listeners: [.tcp(host: "127.0.0.1", port: 0, tls: tls)], diskThreads: 1, limits: wireLimits),
    handler: ClosureHandler(body: respond))
  guard case .network(_, let port) = server.addresses[0] else { throw TestFailure("the server has no port") }
  let origin = HTTPOrigin(tls == nil ? .http : .https, host: tls == nil ? "127.0.0.1" : "localhost", port: port)
  let client = try HTTPClient(configuration, credentials: credentials)
  let outcome = await Result { () async throws in try await body(client, origin, server) }
  await client.close()
  await server.stop(within: .zero)
  try outcome.get()
}

extension Result where Failure == any Error {
  init(catching body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

extension HTTPOrigin {
  func url(_ target: String) throws -> HTTPURL { try HTTPURL(self, target: target) }
}

/// Waits for what another thread brings about. False after a minute.
func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
  let deadline = ContinuousClock.now + .seconds(60)
  while ContinuousClock.now < deadline {
    if try condition() { return true }
    await Task.yield()
    // A poll of nothing: gives the core away for a millisecond.
    poll(nil, 0, 1)
  }
  return try condition()
}

/// The failure that the body throws; `nil` when it throws none.
func failure<Success>(_ body: () async throws(HTTPClientError) -> Success) async -> HTTPClientError? {
  do throws(HTTPClientError) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}

func seconds(_ body: () async throws -> Void) async rethrows -> Double {
  let began = ContinuousClock.now
  try await body()
  let (seconds, attoseconds) = (ContinuousClock.now - began).components
  return Double(seconds) + Double(attoseconds) * 1e-18
}

/// Open sockets, event and epoll instances of this process, of which a child would inherit some.
func openDescriptors() -> [(number: Int32, isInherited: Bool)] {
  guard let folder = opendir("/proc/self/fd") else { return [] }
  defer { closedir(folder) }
  var found: [(Int32, Bool)] = []
  while let entry = readdir(folder) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    var target = [CChar](repeating: 0, count: 64)
    guard let number = Int32(name), readlink("/proc/self/fd/\(name)", &target, 63) > 0 else { continue }
    guard strncmp(target, "socket:", 7) == 0 || strncmp(target, "anon_inode:[event", 17) == 0 else { continue }
    found.append((number, fcntl(number, F_GETFD) & FD_CLOEXEC == 0))
  }
  return found
}

func openDescriptorCount() -> Int { openDescriptors().count }

/// What the process has in memory, in bytes.
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return 0 }
  let words = line.prefix { $0 != 0 }.split(separator: CChar(bitPattern: UInt8(ascii: " ")))
  let pages = words.dropFirst().first.flatMap { Int(String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self)) }
  return (pages ?? 0) * Int(getpagesize())
}

/// Everything that opens sockets, one test after the other: they measure time and count descriptors.
@Suite(.serialized, .blocking)
enum Sockets {}
