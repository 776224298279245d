import BlockingWork
import RegistryCore

/// A peer that says it has everything, and then does as it was told: for one connection after another.
final class RawSeed: Sendable {
  struct Manners: Sendable {
    /// The bytes of a block, or nothing at all.
    var block: @Sendable (_ piece: Int, _ start: Int, _ length: Int) -> [UInt8]? = { _, _, _ in nil }
    /// The hashes that answer a request for them (32 bytes each), or a reject.
    var hashes: @Sendable (_ request: ArraySlice<UInt8>) -> [UInt8]? = { _ in nil }
  }

  private let listener: RawListener
  private let task: Lock<Task<Void, Never>?> = Lock(nil)
  /// Somebody asked for a block.
  let wasAsked = TestSignal("a request for a block")
  /// Somebody hung up.
  let wasLeft = TestSignal("the end of a connection")

  var endpoint: PeerEndpoint { listener.endpoint }

  init(on address: String, of torrent: InfoHash, _ manners: Manners) throws {
    listener = try RawListener(on: address)
    // It lives until `stop`: who connects is served in turn.
    let serving = Task { [listener, wasAsked, wasLeft] in
      while !Task.isCancelled {
        guard let peer = try? await listener.accept(within: 1) else { continue }
        // One that hangs up, or is hung up on, is what these tests are about.
        _ = try? await serve(peer, torrent, manners, wasAsked)
        wasLeft.raise()
      }
    }
    task.withLock { $0 = serving }
  }

  func stop() { task.withLock { $0.take() }?.cancel() }
}

private func serve(
  _ peer: RawPeer, _ torrent: InfoHash, _ manners: RawSeed.Manners, _ wasAsked: TestSignal
) async throws {
  _ = try await peer.readHandshake()
  try peer.sendHandshake(torrent)
  try peer.send(.haveAll)
  try peer.send(.unchoke)
  while !Task.isCancelled {
    let (id, payload) = try await peer.readMessage()
    switch PeerMessage(rawValue: id) {
    case .request:
      wasAsked.raise()
      let (piece, start, length) = (number(payload[0...]), number(payload[4...]), number(payload[8...]))
      if let block = manners.block(piece, start, length) {
        try peer.send(.piece, Array(payload.prefix(8)) + block)
      }
    case .hashRequest:
      if let hashes = manners.hashes(payload[...]) {
        try peer.send(.hashes, payload + hashes)
      } else {
        try peer.send(.hashReject, payload)
      }
    default:
      break
    }
  }
}
