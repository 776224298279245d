import RegistryCore

/// Where the bytes of a fetch come from. There is one kind, a swarm; ranges over a channel between members will be
/// another. All of them write into the same file, and tell of each piece once it is verified and readable there.
protocol FetchSource: Sendable {
  /// - Parameter tell: takes what happens; from any thread, does not block.
  func begin(
    into file: BlobFile, tell: @escaping @Sendable (RemoteBlobFetch.Event) -> Void
  ) async throws(RegistryError)

  /// Somebody waits for these pieces.
  func hurry(_ pieces: Range<Int>) async

  /// More peers to try.
  func introduce(_ peers: [PeerEndpoint]) async

  /// The fetch is over; `tell` is called no more after this returns.
  /// - Parameter isComplete: the blob is in the store and linked: it may be handed on from there.
  func end(isComplete: Bool) async
}

/// A torrent in one of the node's sessions.
struct SwarmSource: FetchSource {
  let desk: SwarmDesk
  let request: FetchRequest

  func begin(
    into file: BlobFile, tell: @escaping @Sendable (RemoteBlobFetch.Event) -> Void
  ) async throws(RegistryError) {
    let (desk, torrent) = (desk, request.torrent)
    try await desk.beginFetch(torrent, in: request.session, into: file, from: request.peers) { event in
      switch event {
      case .verified(let piece): tell(.verified(piece: piece))
      case .whole: tell(.whole)
      case .failed(let error): tell(.sourceFailed(error))
      case .rotten(let reason):
        // As a fetch it means nothing; once it seeds from the store, it is the desk that has to know.
        tell(.sourceFailed(RegistryError(.internal, "the swarm's engine gave up this blob", cause: reason)))
        desk.report(torrent.digest, rotten: reason)
      }
    }
  }

  func hurry(_ pieces: Range<Int>) async {
    await desk.engine(request.session)?.hurry(pieces, of: request.torrent.infoHash)
  }

  func introduce(_ peers: [PeerEndpoint]) async {
    await desk.engine(request.session)?.introduce(peers, to: request.torrent.infoHash)
  }

  func end(isComplete: Bool) async {
    await desk.endFetch(request.torrent, in: request.session, mayStay: isComplete)
  }
}
