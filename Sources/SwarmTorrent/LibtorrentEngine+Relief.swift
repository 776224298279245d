import BlockingWork
import CTorrent
import RegistryCore

// Fetches that are helped along.
extension LibtorrentEngine: SwarmRelief {
  public var relief: (any SwarmRelief)? { self }

  public func give(_ content: [UInt8], as piece: Int, to torrent: InfoHash) async throws(RegistryError) {
    guard let live = fetched(torrent) else { return }
    do throws(ShimFailure) {
      try session.give(content, as: piece, to: live.number)
    } catch {
      // It has gone meanwhile.
      guard error.result != CT_UNKNOWN else { return }
      throw RegistryError(error)
    }
  }

  public func shed(silentFor patience: Duration, from torrent: InfoHash) async {
    guard fetched(torrent) != nil else { return }
    let milliseconds = Int32(min(max(0, patience / Duration.milliseconds(1)), Double(Int32.max)))
    attempt(torrent, "silent peers could not be let go of") { session, number throws(ShimFailure) in
      try session.shed(silentFor: milliseconds, from: number)
    }
  }

  /// As what is in a hurry, once more: seeds that show their pieces one by one may have let it wait, and others have come.
  public func want(_ pieces: Range<Int>, of torrent: InfoHash) async {
    guard fetched(torrent) != nil else { return }
    await hurry(pieces, of: torrent)
  }

  private func fetched(_ torrent: InfoHash) -> LiveTorrents.Record? {
    torrents.withLock { $0[torrent] }.flatMap { $0.isSeeding ? nil : $0 }
  }
}
