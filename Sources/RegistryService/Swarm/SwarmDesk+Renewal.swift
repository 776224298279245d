import RegistryCore
import Telemetry

// A blob that is pushed again: the same bytes in another file, which takes the name of the first.
extension SwarmDesk {
  /// The store has another file of this blob, checked just now. Its torrents go on from there, with their peers; the old
  /// file has no name any more and counts as lost. Outside the registry's gate.
  func renew(_ digest: Digest) async {
    let isLive = state.withLock { state -> Bool? in
      let isLive = state.live.blobs[digest] != nil
      guard isLive || state.suspects[digest] != nil else { return nil }
      let now = ContinuousClock.now
      state.renewals = state.renewals.filter { $0.value > now }
      state.renewals[digest] = now + rules.renewalPatience
      // What was wrong, if anything, was wrong with the other file.
      state.suspects[digest] = nil
      return isLive
    }
    switch isLive {
    case true?: await settleAnew(digest)
    case false?: await wakeRenewed(digest)
    case nil: return
    }
  }

  /// Whether an engine that found fault with the blob may have read the file before this one.
  func wasRenewed(_ digest: Digest) -> Bool {
    state.withLock { $0.renewals[digest].map { $0 > .now } ?? false }
  }

  func wakeRenewed(_ digest: Digest) async {
    state.withLock { $0.suspects[digest] = nil }
    do throws(RegistryError) {
      try await want(digest)
    } catch {
      ports.log.warning(
        "a blob that was pushed again is not seeded on", LogField("digest", digest.description),
        LogField("error", error.description))
    }
  }

  private func settleAnew(_ digest: Digest) async {
    await gate.wait(digest) {
      do throws(RegistryError) {
        guard let size = try await ports.blobs.size(of: digest) else { return }
        let file = try await file(of: digest, size: size)
        for session in SwarmSession.allCases {
          for torrent in state.withLock({ $0.live.torrents(of: digest, in: session) }) {
            try await sessions.engine(session)?.settle(torrent, on: file)
          }
        }
      } catch {
        // The engine has met the old file without its name and stopped the torrent: it has reported that, and is judged.
        ports.log.debug(
          "a torrent could not go on from the blob's new file", LogField("digest", digest.description),
          LogField("error", error.description))
      }
    }
  }
}
