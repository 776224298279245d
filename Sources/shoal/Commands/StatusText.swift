import RegistryHTTP

/// What `shoal status` says, as lines.
struct StatusText {
  let columns: Int

  func lines(_ status: StatusDocument) -> [String] {
    node(status) + FleetText.paragraph(status.fleet) + hashing(status.hashing) + fetches(status.fetches)
      + live(status.live)
  }

  private func node(_ status: StatusDocument) -> [String] {
    let patterns = status.publicPatterns.isEmpty ? "nothing" : status.publicPatterns.joined(separator: ", ")
    return [
      "node      shoal \(status.node.version), process \(status.node.pid), data \(status.node.data)",
      "torrents  \(!status.makesTorrents ? "off" : status.hasSwarm ? "on" : "made, not moved: no node runs")",
      "public    \(patterns)\(status.publicTrouble.map { "; strangers cannot reach it: \($0)" } ?? "")",
      "uploads   \(status.uploads)",
    ]
  }

  private func hashing(_ hashing: HashingDocument?) -> [String] {
    guard let hashing else { return [] }
    guard hashing.isAtWork else { return ["hashing   nothing left"] }
    let total = hashing.doneBytes + hashing.leftBytes
    let left = hashing.leftBlobs == 1 ? "1 blob left" : "\(hashing.leftBlobs) blobs left"
    return [bar(Progress(title: "hashing ", done: hashing.doneBytes, total: total, note: left), nil)]
  }

  private func fetches(_ fetches: [FetchDocument]) -> [String] {
    guard !fetches.isEmpty else { return [] }
    return ["", "FETCHES"]
      + fetches.map { fetch in
        switch fetch.state {
        case "running": bar(Progress(fetch), Double(fetch.bytesPerSecond))
        case "failed": "failed \(Amount.short(fetch.digest))  \(fetch.message ?? "")"
        default:
          "\(fetch.state) \(Amount.short(fetch.digest))  \(Amount.bytes(fetch.size))  \(fetch.repositories.joined(separator: ", "))"
        }
      }
  }

  private func live(_ live: [LiveTorrentDocument]) -> [String] {
    guard !live.isEmpty else { return ["", "no torrent is live"] }
    var table = TextTable(
      .init("TORRENT"), .init("V", .right), .init("WAY"), .init("DONE", .right), .init("SIZE", .right),
      .init("PEERS", .right), .init("DOWN/S", .right), .init("UP/S", .right), .init("SENT", .right))
    for torrent in live.sorted(by: { Self.bustle($0) > Self.bustle($1) }) {
      table.append(
        Amount.short(torrent.digest), "\(torrent.version)", torrent.isSeeding ? "seed" : "fetch",
        "\(torrent.size > 0 ? torrent.verifiedBytes * 100 / torrent.size : 0)%", Amount.bytes(torrent.size),
        "\(torrent.peers)", Amount.bytes(Int64(torrent.downloadBytesPerSecond)),
        Amount.bytes(Int64(torrent.uploadBytesPerSecond)), Amount.bytes(torrent.uploadedBytes))
    }
    return [""] + table.lines
  }

  private func bar(_ progress: Progress, _ perSecond: Double?) -> String {
    ProgressBar(columns: columns).line(progress, perSecond: perSecond)
  }

  /// The busiest first.
  private static func bustle(_ torrent: LiveTorrentDocument) -> Int {
    torrent.downloadBytesPerSecond + torrent.uploadBytesPerSecond
  }
}
