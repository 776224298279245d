import RegistryCore
import Telemetry

/// Where the bytes of a fetch came from, and what was in its way: one line of the log, at its end.
struct FetchAccount: Sendable {
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
    log.log(.info, "a fetch has ended", fields)
  }
}
