/// The torrent facts that were computed, by blob.
///
/// Contract, checked by `TicketsContract`: durable on return; keeping twice is keeping once; facts that were made by
/// another recipe than this release's are absent.
public protocol Tickets: Sendable {
  func ticket(of digest: Digest) async throws(RegistryError) -> SwarmTicket?

  func classicPieces(of digest: Digest) async throws(RegistryError) -> ClassicPieces?

  /// - Parameter infoHash: of the torrent that follows from it, so that the blob can be found by it.
  func keep(_ ticket: SwarmTicket, infoHash: InfoHash) async throws(RegistryError)

  func keep(_ pieces: ClassicPieces, infoHash: InfoHash) async throws(RegistryError)

  /// The blob whose torrent has this info hash, of either version, as peers and trackers write it: 20 bytes.
  func digest(ofTorrent short: [UInt8]) async throws(RegistryError) -> Digest?

  /// What can be read in some repository (linked blobs, present manifests), is not empty, and has no ticket: in digest
  /// order, after `last`.
  func withoutTicket(after last: Digest?, limit: Int) async throws(RegistryError) -> [StoredBlob]

  /// The same for the classic pieces, of one repository.
  func withoutClassicPieces(in repository: RepositoryName, after last: Digest?, limit: Int)
    async throws(RegistryError) -> [StoredBlob]

  /// The repositories in which the blob can be read, as a linked blob or a present manifest.
  func repositories(holding digest: Digest) async throws(RegistryError) -> [RepositoryName]
}

/// A ticket with the info hash of the torrent that follows from it, so that the blob can be found by it.
public struct TicketEntry: Hashable, Sendable {
  public let ticket: SwarmTicket
  public let infoHash: InfoHash

  public init(ticket: SwarmTicket, infoHash: InfoHash) {
    self.ticket = ticket
    self.infoHash = infoHash
  }
}

/// What an operator decided about single torrents; it outlives the node.
///
/// Contract, checked by `TorrentWishesContract`.
public protocol TorrentWishes: Sendable {
  /// `nil`: nobody decided; it goes live when it is wanted, and rests after a while.
  func wish(for digest: Digest) async throws(RegistryError) -> TorrentWish?

  func set(_ wish: TorrentWish?, for digest: Digest) async throws(RegistryError)

  func everyWish() async throws(RegistryError) -> [Digest: TorrentWish]
}

public enum TorrentWish: String, Hashable, Sendable {
  /// Live as long as the node is.
  case started
  /// Never live.
  case stopped
}
