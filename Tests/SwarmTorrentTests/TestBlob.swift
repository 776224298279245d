import Glibc
import OpenSSLKit
import RegistryCore
import TorrentHashing

/// Random bytes in a file of their own, with their torrents. The file is removed with the last reference.
final class TestBlob: Sendable {
  let bytes: [UInt8]
  let path: String
  let digest: Digest
  /// The pieces root.
  let root: [UInt8]
  let v1: SwarmTorrent
  let v2: SwarmTorrent

  convenience init(bytes count: Int, seed: UInt64) throws {
    var chance = SplitMix(state: seed)
    try self.init(holding: chance.bytes(count))
  }

  init(holding given: [UInt8]) throws {
    bytes = given
    let count = given.count
    path = try temporaryFile(bytes)
    digest = Digest(algorithm: .sha256, hash: StreamingHash.hash(bytes, .sha256))
    let size = Int64(count)
    let pieceBytes = TorrentRecipe.pieceBytes(forSize: size)

    var leaves = LeafPass(pieceBytes: TorrentRecipe.pieceBytes(forSize:))
    bytes.withUnsafeBytes { leaves.take($0) }
    guard let facts = leaves.finish() else { preconditionFailure("a test blob has bytes") }
    root = facts.piecesRoot
    let info = TorrentRecipe.info(
      SwarmTicket(digest: digest, size: size, piecesRoot: facts.piecesRoot, pieceLayer: facts.pieceLayer))
    v2 = SwarmTorrent(
      digest: digest, size: size, pieceBytes: pieceBytes,
      infoHash: InfoHash(version: .v2, bytes: StreamingHash.hash(info, .sha256)), info: info,
      pieceLayer: facts.pieceLayer)

    var pieces = PiecePass(pieceBytes: pieceBytes)
    bytes.withUnsafeBytes { pieces.take($0) }
    let classic = TorrentRecipe.info(ClassicPieces(digest: digest, size: size, hashes: pieces.finish()))
    v1 = SwarmTorrent(
      digest: digest, size: size, pieceBytes: pieceBytes,
      infoHash: InfoHash(version: .v1, bytes: StreamingHash.hash(classic, .sha1)), info: classic)
  }

  deinit { unlink(path) }

  func torrent(_ version: TorrentVersion) -> SwarmTorrent { version == .v1 ? v1 : v2 }

  func piece(_ index: Int) -> ArraySlice<UInt8> {
    bytes[index * v2.pieceBytes..<min((index + 1) * v2.pieceBytes, bytes.count)]
  }

  func open() throws -> BlobFile { try openFile(path, O_RDONLY) }
}

/// A file that a blob is fetched into, of its full size. Removed with the last reference.
final class TestTarget: Sendable {
  let path: String
  let size: Int
  let file: BlobFile

  init(size: Int) throws {
    self.size = size
    path = try temporaryFile([])
    file = try openFile(path, O_RDWR)
    guard ftruncate(file.descriptor, size) == 0 else { throw TestFailure("ftruncate: \(errno)") }
  }

  deinit { unlink(path) }

  func read(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      let read = pread(file.descriptor, buffer.baseAddress, range.count, range.lowerBound)
      guard read >= 0 else { throw TestFailure("pread: \(errno)") }
      count = read
    }
  }

  var bytes: [UInt8] { get throws { try read(0..<size) } }
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

func openFile(_ path: String, _ flags: Int32) throws -> BlobFile {
  let descriptor = open(path, flags | O_CLOEXEC)
  guard descriptor >= 0 else { throw TestFailure("open \(path): \(errno)") }
  return BlobFile(descriptor: descriptor) { Glibc.close($0) }
}

func temporaryFile(_ bytes: [UInt8]) throws -> String {
  var template = Array("/tmp/shoal-swarm-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  guard descriptor >= 0 else { throw TestFailure("mkstemp: \(errno)") }
  defer { Glibc.close(descriptor) }
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    guard written > 0 else { throw TestFailure("write: \(errno)") }
    rest = rest.dropFirst(written)
  }
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Bytes by chance that can be made again.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      let whole = count / 8 * 8
      for place in stride(from: 0, to: whole, by: 8) {
        UnsafeMutableRawPointer(buffer.baseAddress! + place).storeBytes(of: next(), as: UInt64.self)
      }
      for place in whole..<count { buffer[place] = UInt8(truncatingIfNeeded: next()) }
      filled = count
    }
  }
}
