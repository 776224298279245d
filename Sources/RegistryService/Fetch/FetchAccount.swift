import RegistryCore
import Telemetry

/// Where the bytes of a fetch came from, and what was in its way: one line of the log, at its end.
struct FetchAccount: Sendable {
  enum Site: Hashable, Sendable {
    /// All of it came from members of this node's site.
    case near
    /// That did not go on, and it crossed the line for itself.
    case crossed(after: Duration)
  }

  let digest: Digest
  let size: Int64
  let ending: RemoteBlobFetch.Ending
  let swarmBytes: Int64
  let channelBytes: Int64
  /// The most that were connected at once.
  let peers: Int
  /// Times that nothing came from the swarm for a second; peers that sent what is not the torrent's; seeds that showed
  /// nothing.
  let stalls: Int
  let bannedPeers: Int
  let cutPeers: Int
  /// `nil`: there was no line between sites to be spared, or it was this node's part to cross it.
  let site: Site?
  let firstPieceAfter: Duration?
  let took: Duration

  func write(to log: Logger) {
    var fields = [
      LogField("digest", digest.description), LogField("size.bytes", size),
      LogField("outcome", FetchOutcome(ending).rawValue),
      LogField("swarm.bytes", swarmBytes), LogField("channel.bytes", channelBytes), LogField("peers", peers),
      LogField("stalls", stalls), LogField("banned", bannedPeers), LogField("cut", cutPeers),
      LogField("took.ms", took / .milliseconds(1)),
    ]
    if let firstPieceAfter { fields.append(LogField("first.ms", firstPieceAfter / .milliseconds(1))) }
    switch site {
    case nil: break
    case .near: fields.append(LogField("site", "near"))
    case .crossed(let duration):
      fields += [LogField("site", "crossed"), LogField("crossed.ms", duration / .milliseconds(1))]
    }
    log.log(.info, "a fetch has ended", fields)
  }
}
