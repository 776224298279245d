import BlockingWork
import RegistryCore

/// A peer that says it has everything, and then does as it was told: for one connection after another.
final class RawSeed: Sendable {
  struct Manners: Sendable {
    /// As it calls itself: a peer that knows of hiding, by its name, is not asked for what it has not shown.
    var name = "-XX0000-"
    /// The bytes of a block, or nothing at all.
    var block: @Sendable (_ piece: Int, _ start: Int, _ length: Int) -> [UInt8]? = { _, _, _ in nil }
    /// The hashes that answer a request for them (32 bytes each), or a reject.
    var hashes: @Sendable (_ request: ArraySlice<UInt8>) -> [UInt8]? = { _ in nil }
  }

  private let listener: RawListener
  private let served = Lock<RawPeer?>(nil)
  /// Somebody asked for a block.
  let wasAsked = TestSignal("a request for a block")
  /// Somebody hung up.
  let wasLeft = TestSignal("the end of a connection")

  var endpoint: PeerEndpoint { listener.endpoint }

  private init(on address: String) throws { listener = try RawListener(on: address) }

  /// Serves one who connects after another, as long as the body runs.
  static func serving(
    _ torrent: InfoHash, on address: String, _ manners: Manners, _ body: (RawSeed) async throws -> Void
  ) async throws {
    let seed = try RawSeed(on: address)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await seed.serveAll(torrent, manners) }
      defer {
        group.cancelAll()
        seed.listener.shut()
        seed.served.withLock { $0?.shut() }
      }
      try await body(seed)
    }
  }

  private func serveAll(_ torrent: InfoHash, _ manners: Manners) async {
    while !Task.isCancelled {
      guard let peer = try? await listener.accept(within: 1) else { continue }
      served.withLock { $0 = peer }
      // One that hangs up, or is hung up on, is what these tests are about.
      _ = try? await serve(peer, torrent, manners, endpoint.port, wasAsked)
      wasLeft.raise()
    }
  }
}

private func serve(
  _ peer: RawPeer, _ torrent: InfoHash, _ manners: RawSeed.Manners, _ id: UInt16, _ wasAsked: TestSignal
) async throws {
  _ = try await peer.readHandshake()
  try peer.sendHandshake(torrent, as: manners.name, number: id)
  try peer.send(.haveAll)
  try peer.send(.unchoke)
  while !Task.isCancelled {
    let (id, payload) = try await peer.readMessage(within: 10)
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
