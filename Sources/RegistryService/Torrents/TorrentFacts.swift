import RegistryCore

/// Makes the torrent facts of a blob that are not kept yet, from its bytes: now, before what is done in the background.
/// What it made is kept. Asked twice at once it may read the blob twice.
public protocol TorrentFacts: Sendable {
  func ticket(of blob: StoredBlob) async throws(RegistryError) -> SwarmTicket

  func classicPieces(of blob: StoredBlob) async throws(RegistryError) -> ClassicPieces
}
