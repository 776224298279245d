import BlockingWork
import Glibc
import RegistryCore
import RegistryHTTP
import RegistryService
import RegistryTesting
import Telemetry
import Wire

/// A registry over in-memory ports, asked within the process or over a socket.
enum Transport: String, CaseIterable, Sendable {
  case inProcess, socket
}

struct TestRegistry {
  let handler: RegistryHandler
  let work: BlockingPool
  /// What the tracker wanted to be live.
  let woken = Lock<[Digest]>([])
  private let blobs: MemoryBlobStore

  private static let node = NodeID([UInt8](repeating: 7, count: NodeID.byteCount))!

  init(
    rules: RegistryRules = RegistryRules(), public patterns: [String] = [], options: RegistryHandler.Options = .init(),
    writing: NameWriting = NameWriting(), arrange: (inout TorrentServices) -> Void = { _ in }
  ) {
    let catalogue = MemoryCatalog(node: Self.node, clock: StandingClock())
    let blobs = MemoryBlobStore()
    self.blobs = blobs
    work = BlockingPool(name: "work", threads: 1)
    let ports = RegistryPorts(
      blobs: blobs, uploads: MemoryUploadStore(blobs: blobs), shelf: MemoryManifestShelf(), names: catalogue,
      catalogue: catalogue, content: catalogue, unread: catalogue, tickets: catalogue, wishes: catalogue,
      chance: CountingChance(), clock: StandingClock(), work: work, log: Logger.silent,
      writing: writing)
    let registry = Registry(ports, rules: rules)
    var torrentRules = TorrentRules()
    torrentRules.publicPatterns = PublicPatterns(patterns)
    torrentRules.trackers = ["udp://tracker.example.org:6969"]
    let desk = TorrentDesk(ports, registry, rules: torrentRules)
    var torrents = TorrentServices(desk)
    torrents.tracker = TrackerDesk(catalogue, desk: desk, log: .silent) { [woken] digest in
      woken.withLock { $0.append(digest) }
    }
    torrents.publicEndpoint = { (nil, 6881) }
    // A machine that runs all tests at once may be slow.
    torrents.patience = .seconds(120)
    arrange(&torrents)
    handler = RegistryHandler(
      registry, torrents: torrents, node: NodeDocument(version: "test", pid: 1, data: "memory", names: []),
      metrics: MetricsRegistry(), work: work, log: Logger.silent, options: options)
  }
}

/// Numbers that differ and can be told beforehand.
private final class CountingChance: Chance {
  private let count = Lock<UInt8>(0)

  func bytes(_ count: Int) -> [UInt8] {
    let number = self.count.withLock { count -> UInt8 in
      count += 1
      return count
    }
    return [UInt8](repeating: number, count: count)
  }
}

private struct StandingClock: WallClock {
  let millisecondsSince1970: Int64 = 1_800_000_000_000
}

extension TestRegistry {
  /// As if the disk had changed the bytes of a blob.
  func rot(_ digest: Digest) { blobs.rot(digest, to: Array("a worm".utf8)) }

  /// Asks by a plain call.
  func answer(_ call: Call, _ target: String, peer: PeerAddress = .local, local: PeerAddress = .local)
    async throws -> Answer
  {
    let parts = target.split(separator: "?", maxSplits: 1)
    let request = Request(
      method: Request.Method(token: call.method), path: String(parts[0]),
      query: parts.count == 2 ? String(parts[1]) : nil,
      fields: Fields([("Host", "localhost")] + call.fields.map { (name: $0, value: $1) }), peer: peer, local: local)
    let response = await handler.respond(to: request, body: MemoryBody(call.body))
    var fields = response.fields
    if let length = response.body.length { fields.set("Content-Length", "\(length)") }
    let body = call.method == "HEAD" ? [] : try await response.body.collected()
    return Answer(status: response.status, fields: fields, body: body)
  }
}

extension Response.Body {
  fileprivate func collected() async throws -> [UInt8] {
    switch self {
    case .empty, .absent: return []
    case .bytes(let bytes): return bytes
    case .file(let region):
      var bytes = [UInt8](repeating: 0, count: Int(region.count))
      let count = pread(region.descriptor, &bytes, bytes.count, off_t(region.offset))
      return Array(bytes.prefix(max(0, count)))
    case .stream(_, let stream):
      var bytes: [UInt8] = []
      while let piece = try await stream.next() { bytes += piece }
      return bytes
    }
  }
}
