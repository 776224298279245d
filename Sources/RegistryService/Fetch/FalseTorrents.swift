import BlockingWork
import RegistryCore

/// Torrents whose bytes had another digest than was said, and who delivered them: for a while the same torrent is not
/// believed for that digest. In memory alone, since the digest protects us every time; this only saves the transfer.
struct FalseTorrents: Sendable {
  typealias Instant = ContinuousClock.Instant

  private struct Claim: Hashable, Sendable {
    let digest: Digest
    let infoHash: InfoHash
  }

  private let limit: Int
  private let memory: Duration
  private var seen: [Claim: (until: Instant, peers: [PeerEndpoint])] = [:]

  init(limit: Int, memory: Duration) {
    self.limit = limit
    self.memory = memory
  }

  var count: Int { seen.count }

  mutating func remember(
    _ infoHash: InfoHash, as digest: Digest, from peers: [PeerEndpoint], at now: Instant
  ) {
    seen = seen.filter { $0.value.until > now }
    if seen.count >= limit, let oldest = seen.min(by: { $0.value.until < $1.value.until }) { seen[oldest.key] = nil }
    seen[Claim(digest: digest, infoHash: infoHash)] = (now + memory, peers)
  }

  func isFalse(_ infoHash: InfoHash, as digest: Digest, at now: Instant) -> Bool {
    seen[Claim(digest: digest, infoHash: infoHash)].map { $0.until > now } ?? false
  }

  /// Who vouched for bytes that were not this blob's.
  func vouchers(for digest: Digest, at now: Instant) -> [PeerEndpoint] {
    seen.filter { $0.key.digest == digest && $0.value.until > now }.flatMap(\.value.peers)
  }
}
