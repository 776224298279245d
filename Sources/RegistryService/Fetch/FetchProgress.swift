import RegistryCore

/// How far a fetch is.
public struct FetchProgress: Sendable {
  public enum State: Sendable {
    case arriving
    /// All is here; the digest is compared and the bytes are made durable.
    case sealing
    case complete
    case failed(RegistryError)
  }

  public let digest: Digest
  public let size: Int64
  public let infoHash: InfoHash
  public let session: SwarmSession
  public let repositories: [RepositoryName]
  public let state: State
  public let verifiedBytes: Int64
  /// From the beginning to the first verified piece, to the last, and to the end: durable and linked.
  public let firstPieceAfter: Duration?
  public let wholeAfter: Duration?
  public let completeAfter: Duration?
  /// Of this moment; zero when it is over.
  public internal(set) var peers = 0
  public internal(set) var downloadBytesPerSecond = 0
  public internal(set) var uploadBytesPerSecond = 0
}

extension FetchProgress {
  /// Of a blob that needed a link and no transfer.
  init(alreadyHere request: FetchRequest) {
    let torrent = request.torrent
    self.init(
      digest: torrent.digest, size: torrent.size, infoHash: torrent.infoHash, session: request.origin.session,
      repositories: [request.repository], state: .complete, verifiedBytes: torrent.size, firstPieceAfter: .zero,
      wholeAfter: .zero, completeAfter: .zero)
  }

  var isComplete: Bool { if case .complete = state { true } else { false } }
}
