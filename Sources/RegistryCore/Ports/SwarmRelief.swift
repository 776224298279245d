/// What an engine does for a fetch of its own that is helped along from outside: pieces that came another way, peers that
/// fell silent, a reader that has waited long.
///
/// Any method from any task; of a torrent that is not being fetched here none of them does anything.
public protocol SwarmRelief: Sendable {
  /// A whole piece that came another way. The engine alone writes the file: it verifies the piece as any other, tells of it
  /// and shares it. Returns when it is handed over; one that does not verify is dropped.
  func give(_ content: [UInt8], as piece: Int, to torrent: InfoHash) async throws(RegistryError)

  /// Peers that owe something and sent nothing for so long are let go of.
  func shed(silentFor patience: Duration, from torrent: InfoHash) async

  /// Somebody has waited long for these: peers that have not said that they have them are told so.
  func want(_ pieces: Range<Int>, of torrent: InfoHash) async
}
