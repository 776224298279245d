import RegistryCore

/// A torrent in one of the node's sessions.
struct SwarmSource: Sendable {
  /// Members that are introduced to one torrent at once.
  static let memberLimit = SwarmFinding.memberLimit

  let desk: SwarmDesk
  let torrent: SwarmTorrent
  let session: SwarmSession

  private var engine: (any SwarmEngine)? { desk.engine(session) }
  private var relief: (any SwarmRelief)? { engine?.relief }

  /// - Parameter tell: takes what happens; from any thread, does not block.
  func begin(
    into file: BlobFile, from origin: FetchOrigin, tell: @escaping @Sendable (RemoteBlobFetch.Event) -> Void
  ) async throws(RegistryError) {
    let (desk, torrent) = (desk, torrent)
    let peers = await endpoints(of: origin)
    try await desk.beginFetch(torrent, in: session, into: file, from: peers) { event in
      switch event {
      case .verified(let piece): tell(.verified(piece: piece))
      case .whole: tell(.whole)
      case .failed(let error): tell(.sourceFailed(.swarm, error))
      case .rotten(let reason):
        // As a fetch it means nothing; once it seeds from the store, it is the desk that has to know.
        tell(.sourceFailed(.swarm, RegistryError(.internal, "the swarm's engine gave up this blob", cause: reason)))
        desk.report(torrent.digest, rotten: reason)
      }
    }
  }

  /// Somebody waits for these pieces.
  func hurry(_ pieces: Range<Int>) async { await engine?.hurry(pieces, of: torrent.infoHash) }

  /// Somebody has waited long for them.
  func want(_ pieces: Range<Int>) async { await relief?.want(pieces, of: torrent.infoHash) }

  /// Peers that sent nothing for so long shall go.
  func shed(silentFor patience: Duration) async { await relief?.shed(silentFor: patience, from: torrent.infoHash) }

  /// More to try.
  func introduce(_ origin: FetchOrigin) async {
    let peers = await endpoints(of: origin)
    if !peers.isEmpty { await engine?.introduce(peers, to: torrent.infoHash) }
  }

  /// The torrent as its engine has it now; `nil`: it has none.
  func numbers() async -> LiveTorrent? { await engine?.live().first { $0.infoHash == torrent.infoHash } }

  /// The fetch is over, or goes on without it; `tell` is called no more after this returns.
  /// - Parameter isComplete: the blob is in the store and linked: it may be handed on from there.
  func end(isComplete: Bool) async { await desk.endFetch(torrent, in: session, mayStay: isComplete) }

  private func endpoints(of origin: FetchOrigin) async -> [PeerEndpoint] {
    var endpoints = origin.peers
    guard let way = desk.way else { return endpoints }
    for member in origin.members.prefix(Self.memberLimit) {
      do throws(RegistryError) {
        endpoints.append(try await way.endpoint(of: member))
      } catch {
        desk.note(noWayTo: member, error)
      }
    }
    return endpoints
  }
}
