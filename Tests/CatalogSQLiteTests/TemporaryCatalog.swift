import BlockingWork
import Glibc
import RegistryCore
import RegistryTesting

@testable import CatalogSQLite

/// A wall clock that a test holds; it stands still unless moved.
final class HeldClock: WallClock {
  private let now: Lock<Int64>

  init(milliseconds: Int64 = 1_700_000_000_000) { now = Lock(milliseconds) }

  var millisecondsSince1970: Int64 { now.withLock { $0 } }

  func move(byMilliseconds step: Int64) { now.withLock { $0 += step } }
}

/// A folder for a catalogue, removed with what is in it.
struct TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/shoal-catalog-XXXXXX".utf8CString)
    let made = mkdtemp(&template)
    let code = errno
    guard let made else { throw RegistryError(.internal, "mkdtemp failed", cause: String(cString: strerror(code))) }
    path = String(cString: made)
  }

  var database: String { "\(path)/catalog.sqlite" }

  var files: [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      names.append(
        withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
    }
    return names.filter { $0 != "." && $0 != ".." }.sorted()
  }

  func remove() {
    for name in files { unlink("\(path)/\(name)") }
    rmdir(path)
  }
}

extension NodeID {
  static func test(_ byte: UInt8 = 7) -> NodeID { NodeID(Array(repeating: byte, count: byteCount))! }
}

extension Authorship {
  static func test(_ node: NodeID = .test(), _ clock: HeldClock = HeldClock()) -> Authorship {
    Authorship(node: node, notary: HashNotary(node), clock: clock)
  }
}

extension CatalogRebuild {
  static func begin(_ folder: TemporaryFolder) throws(RegistryError) -> CatalogRebuild {
    try begin(path: folder.database, node: .test(), notary: HashNotary(.test()), clock: HeldClock())
  }
}

/// Runs `body` on an open catalogue in a folder of its own; closes and removes whatever happens.
func withCatalog(
  limits: SQLiteCatalog.CacheLimits = SQLiteCatalog.CacheLimits(), clock: HeldClock = HeldClock(),
  trace: SQLTrace? = nil, _ body: (SQLiteCatalog) async throws -> Void
) async throws {
  let folder = try TemporaryFolder()
  defer { folder.remove() }
  try await withCatalog(in: folder, limits: limits, clock: clock, trace: trace, body)
}

func withCatalog(
  in folder: TemporaryFolder, limits: SQLiteCatalog.CacheLimits = SQLiteCatalog.CacheLimits(),
  node: NodeID = .test(), clock: HeldClock = HeldClock(), trace: SQLTrace? = nil,
  _ body: (SQLiteCatalog) async throws -> Void
) async throws {
  let catalog = try SQLiteCatalog.open(path: folder.database, by: .test(node, clock), limits: limits, trace: trace)
  do {
    try await body(catalog)
    await catalog.close()
  } catch {
    await catalog.close()
    throw error
  }
}

extension Migrations {
  /// Those of release 0.1.0, which knew no torrents.
  static let withoutTorrents = Migrations(Array(Schema.migrations.prefix(1)))
  /// Those of the releases whose claims were not signed.
  static let unsigned = Migrations(Array(Schema.migrations.prefix(2)))
}

extension SQLiteCatalog.CacheLimits {
  /// Every question goes to the database.
  static var none: Self {
    var limits = Self()
    limits.manifestByteLimit = 0
    limits.linkByteLimit = 0
    return limits
  }
}
