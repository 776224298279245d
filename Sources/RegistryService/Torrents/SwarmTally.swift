import RegistryCore

/// What live torrents moved in all, though each of them counts from when it went live.
struct SwarmTally: Hashable, Sendable {
  private(set) var peers = 0
  private(set) var uploadedBytes: Int64 = 0
  private(set) var downloadedBytes: Int64 = 0
  private(set) var wastedBytes: Int64 = 0
  private(set) var shownPieces: Int64 = 0
  private(set) var bannedPeers: Int64 = 0
  private(set) var cutPeers: Int64 = 0
  private var last: [InfoHash: Counts] = [:]

  private struct Counts: Hashable {
    var uploaded: Int64 = 0
    var downloaded: Int64 = 0
    var wasted: Int64 = 0
    var shown: Int64 = 0
    var banned: Int64 = 0
    var cut: Int64 = 0
  }

  /// All that are live now. What one moved between the last look and its rest is not seen.
  mutating func look(at live: [LiveTorrent]) {
    peers = live.reduce(0) { $0 + $1.peers }
    var seen: [InfoHash: Counts] = [:]
    for torrent in live {
      let counts = Counts(
        uploaded: torrent.uploadedBytes, downloaded: torrent.downloadedBytes, wasted: torrent.wastedBytes,
        shown: torrent.shownPieces, banned: Int64(torrent.bannedPeers), cut: Int64(torrent.cutPeers))
      let before = last[torrent.infoHash] ?? Counts()
      // Less than before: it rested and went live again.
      uploadedBytes += Self.rise(before.uploaded, counts.uploaded)
      downloadedBytes += Self.rise(before.downloaded, counts.downloaded)
      wastedBytes += Self.rise(before.wasted, counts.wasted)
      shownPieces += Self.rise(before.shown, counts.shown)
      bannedPeers += Self.rise(before.banned, counts.banned)
      cutPeers += Self.rise(before.cut, counts.cut)
      seen[torrent.infoHash] = counts
    }
    last = seen
  }

  private static func rise(_ before: Int64, _ now: Int64) -> Int64 { now >= before ? now - before : now }
}
