import BlockingWork
import RegistryCore

/// Peers that know each other, in memory: engines with their torrents, and the faults that a test gives them.
///
/// All of it happens on one thread, in order, as fast as it can; pieces move whenever something has changed that lets
/// them. There is no time in it.
public final class MemorySwarm: Sendable {
  struct Torrent {
    let torrent: SwarmTorrent
    var file: BlobFile
    let observer: SwarmObserver
    var have: Set<Int> = []
    var isSeeding: Bool
    /// A fetch looks first at what its file holds.
    var isChecked: Bool
    var peers: [PeerEndpoint] = []
    var banned: Set<PeerEndpoint> = []
    var hurried: [Int] = []
    /// Pieces that came another way.
    var gifts: [(piece: Int, content: [UInt8])] = []
    var downloaded: Int64 = 0
    var uploaded: Int64 = 0
    var wasted: Int64 = 0

    var isWhole: Bool { have.count == torrent.pieceCount }
  }

  struct Engine {
    var torrents: [InfoHash: Torrent] = [:]
    var sendsRubbish = false
    /// Says that it has everything, and sends nothing.
    var isSilent = false
    var seedFailure: RegistryError?
    var fetchFailure: RegistryError?
  }

  struct State {
    var engines: [PeerEndpoint: Engine] = [:]
    var lastPort: UInt16 = 0
    /// The bytes that each torrent's hashes are of.
    var contents: [InfoHash: [UInt8]] = [:]
    /// So many pieces may still move; `nil`: as many as want to.
    var allowance: Int?
  }

  /// One for all tests of a process: nothing on it waits.
  private static let thread = BlockingPool(name: "memory-swarm", threads: 1)
  let state = Lock(State())

  public init() {}

  public func makeEngine() -> MemorySwarmEngine {
    let endpoint = state.withLock { state in
      state.lastPort += 1
      let endpoint = PeerEndpoint(address: "127.0.0.1", port: state.lastPort)
      state.engines[endpoint] = Engine()
      return endpoint
    }
    return MemorySwarmEngine(swarm: self, address: endpoint)
  }

  /// Says what bytes a torrent's hashes are of. Else they are those of the first who seeds it.
  public func describe(_ torrent: SwarmTorrent, as bytes: [UInt8]) {
    state.withLock { $0.contents[torrent.infoHash] = bytes }
  }

  /// From now on only so many more pieces move; `nil`: all that want to.
  public func allow(pieces count: Int?) async {
    await change { $0.allowance = count }
  }

  /// Does something on the swarm's thread, and then whatever that lets happen.
  @discardableResult
  func change<Success: Sendable>(_ body: @escaping @Sendable (inout State) -> Success) async -> Success {
    await Self.thread.run {
      let result = self.state.withLock { body(&$0) }
      while let happenings = self.state.withLock({ Self.next(&$0) }) {
        for happening in happenings { happening() }
      }
      return result
    }
  }
}

// What moves.
extension MemorySwarm {
  typealias Happening = () -> Void

  /// One step and what observers hear of it; `nil`: nothing can move.
  private static func next(_ state: inout State) -> [Happening]? {
    for endpoint in state.engines.keys.sorted(by: { $0.port < $1.port }) {
      for infoHash in (state.engines[endpoint]?.torrents ?? [:]).filter({ !$0.value.isSeeding }).keys {
        if let happenings = check(infoHash, at: endpoint, &state) { return happenings }
        if let happenings = receive(infoHash, at: endpoint, &state) { return happenings }
        if let happenings = move(infoHash, to: endpoint, &state) { return happenings }
      }
    }
    return nil
  }

  private static func check(
    _ infoHash: InfoHash, at endpoint: PeerEndpoint, _ state: inout State
  ) -> [Happening]? {
    guard let fetch = state.engines[endpoint]?.torrents[infoHash], !fetch.isChecked,
      let content = state.contents[infoHash]
    else { return nil }
    let have = (0..<fetch.torrent.pieceCount).filter { read($0, of: fetch) == slice($0, of: content, fetch.torrent) }
    state.engines[endpoint]?.torrents[infoHash]?.isChecked = true
    var happenings = have.map { piece in { fetch.observer(.verified(piece: piece)) } }
    for piece in have { state.engines[endpoint]?.torrents[infoHash]?.have.insert(piece) }
    happenings += whole(infoHash, at: endpoint, &state)
    return happenings
  }

  private static func move(_ infoHash: InfoHash, to endpoint: PeerEndpoint, _ state: inout State) -> [Happening]? {
    guard state.allowance != 0, let fetch = state.engines[endpoint]?.torrents[infoHash], fetch.isChecked,
      let content = state.contents[infoHash]
    else { return nil }
    for piece in fetch.hurried + Array(0..<fetch.torrent.pieceCount) where !fetch.have.contains(piece) {
      for peer in fetch.peers where peer != endpoint && !fetch.banned.contains(peer) {
        guard let engine = state.engines[peer], !engine.isSilent,
          engine.torrents[infoHash]?.have.contains(piece) == true
        else { continue }
        state.allowance? -= 1
        return deliver(piece, infoHash, from: peer, to: endpoint, content, &state)
      }
    }
    return nil
  }

  private static func deliver(
    _ piece: Int, _ infoHash: InfoHash, from peer: PeerEndpoint, to endpoint: PeerEndpoint, _ content: [UInt8],
    _ state: inout State
  ) -> [Happening] {
    guard let source = state.engines[peer]?.torrents[infoHash], let fetch = state.engines[endpoint]?.torrents[infoHash]
    else { return [] }
    let due = slice(piece, of: content, fetch.torrent)
    let sent = state.engines[peer]?.sendsRubbish == true ? due.map { ~$0 } : read(piece, of: source)
    guard sent == due else {
      state.engines[endpoint]?.torrents[infoHash]?.banned.insert(peer)
      state.engines[endpoint]?.torrents[infoHash]?.wasted += Int64(due.count)
      guard state.engines[peer]?.sendsRubbish == false else { return [] }
      // It is the seed's own file that is not the torrent's.
      state.engines[peer]?.torrents[infoHash] = nil
      return [{ source.observer(.rotten(reason: "piece \(piece) does not match")) }]
    }
    if let failure = state.engines[endpoint]?.fetchFailure {
      state.engines[endpoint]?.torrents[infoHash] = nil
      return [{ fetch.observer(.failed(failure)) }]
    }
    write(due, piece, of: fetch)
    state.engines[peer]?.torrents[infoHash]?.uploaded += Int64(due.count)
    state.engines[endpoint]?.torrents[infoHash]?.downloaded += Int64(due.count)
    state.engines[endpoint]?.torrents[infoHash]?.have.insert(piece)
    return [{ fetch.observer(.verified(piece: piece)) }] + whole(infoHash, at: endpoint, &state)
  }

  /// A piece from outside, if the fetch lacks it and it is the torrent's.
  private static func receive(_ infoHash: InfoHash, at endpoint: PeerEndpoint, _ state: inout State) -> [Happening]? {
    guard let fetch = state.engines[endpoint]?.torrents[infoHash], fetch.isChecked, let gift = fetch.gifts.first,
      let content = state.contents[infoHash]
    else { return nil }
    state.engines[endpoint]?.torrents[infoHash]?.gifts.removeFirst()
    guard 0..<fetch.torrent.pieceCount ~= gift.piece, !fetch.have.contains(gift.piece),
      slice(gift.piece, of: content, fetch.torrent) == gift.content
    else { return [] }
    write(gift.content, gift.piece, of: fetch)
    state.engines[endpoint]?.torrents[infoHash]?.have.insert(gift.piece)
    return [{ fetch.observer(.verified(piece: gift.piece)) }] + whole(infoHash, at: endpoint, &state)
  }

  private static func whole(
    _ infoHash: InfoHash, at endpoint: PeerEndpoint, _ state: inout State
  ) -> [Happening] {
    guard let fetch = state.engines[endpoint]?.torrents[infoHash], fetch.isWhole else { return [] }
    state.engines[endpoint]?.torrents[infoHash]?.isSeeding = true
    return [{ fetch.observer(.whole) }]
  }

  private static func slice(_ piece: Int, of content: [UInt8], _ torrent: SwarmTorrent) -> [UInt8] {
    Array(content.dropFirst(piece * torrent.pieceBytes).prefix(torrent.pieceBytes))
  }

  /// A file that cannot be read holds no piece.
  private static func read(_ piece: Int, of torrent: Torrent) -> [UInt8] {
    let count = torrent.torrent.pieceBytes
    return (try? NamelessFile.read(torrent.file, from: Int64(piece * count), count: count)) ?? []
  }

  private static func write(_ bytes: [UInt8], _ piece: Int, of torrent: Torrent) {
    do {
      try NamelessFile.write(bytes, at: Int64(piece * torrent.torrent.pieceBytes), to: torrent.file)
    } catch {
      preconditionFailure("a test's own file cannot be written: \(error)")
    }
  }
}
