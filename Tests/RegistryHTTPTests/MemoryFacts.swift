import BlockingWork
import RegistryCore
import RegistryService
import RegistryTesting
import TorrentHashing

/// Torrent facts of blobs in memory, made when somebody asks.
final class MemoryFacts: TorrentFacts {
  private let blobs: MemoryBlobStore
  private let catalogue: MemoryCatalog
  /// While it is set nothing is made, and whoever asks waits.
  private let pause = Lock<(isOn: Bool, waiters: [CheckedContinuation<Void, Never>])>((false, []))
  private let reads = Lock(0)

  init(blobs: MemoryBlobStore, catalogue: MemoryCatalog) {
    self.blobs = blobs
    self.catalogue = catalogue
  }

  var readCount: Int { reads.withLock { $0 } }

  func hold() { pause.withLock { $0.isOn = true } }

  func release() {
    let waiters = pause.withLock { pause in
      defer { pause = (false, []) }
      return pause.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func ticket(of blob: StoredBlob) async throws(RegistryError) -> SwarmTicket {
    guard let ticket = SwarmTicket(of: try await bytes(of: blob), blob.digest) else {
      throw RegistryError(.blobUnknown, "nothing has no ticket")
    }
    try await catalogue.keep(ticket, infoHash: SwarmTorrent(ticket).infoHash)
    return ticket
  }

  func classicPieces(of blob: StoredBlob) async throws(RegistryError) -> ClassicPieces {
    let bytes = try await bytes(of: blob)
    var pass = PiecePass(pieceBytes: TorrentRecipe.pieceBytes(forSize: blob.size))
    bytes.withUnsafeBytes { pass.take($0) }
    let pieces = ClassicPieces(digest: blob.digest, size: blob.size, hashes: pass.finish())
    try await catalogue.keep(pieces, infoHash: SwarmTorrent(pieces).infoHash)
    return pieces
  }

  private func bytes(of blob: StoredBlob) async throws(RegistryError) -> [UInt8] {
    await withCheckedContinuation { continuation in
      let goesOn = pause.withLock { pause in
        if pause.isOn { pause.waiters.append(continuation) }
        return !pause.isOn
      }
      if goesOn { continuation.resume() }
    }
    reads.withLock { $0 += 1 }
    guard let reader = try await blobs.open(blob.digest) else { throw RegistryError(.blobUnknown, "not here") }
    return try await reader.read(from: 0, count: Int(reader.size))
  }
}
