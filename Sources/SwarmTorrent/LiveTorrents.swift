import CTorrent
import RegistryCore

/// The torrents of one engine and who waits for what, under the engine's lock.
struct LiveTorrents: Sendable {
  struct Record: Sendable {
    let torrent: SwarmTorrent
    let number: UInt64
    /// Held as long as the torrent is live, so that whoever counts on the last reference need not know of it.
    var file: BlobFile
    /// Taken away when the torrent is withdrawn or told to have ended: nothing is heard after that, and it is no longer
    /// among the live.
    var observer: SwarmObserver?
    var isSeeding: Bool
    var verified: PieceSet
    /// Peers that lied, and seeds that showed nothing.
    var bannedPeers = 0
    var cutPeers = 0
    /// Those who wait for the last event of it.
    var waiters: [UnsafeContinuation<Void, Never>] = []
  }

  private var records: [UInt64: Record] = [:]
  private var numbers: [InfoHash: UInt64] = [:]
  var refreshWaiters: [UnsafeContinuation<Void, Never>] = []
  private(set) var isClosed = false

  subscript(_ number: UInt64) -> Record? {
    get { records[number] }
    set {
      if let newValue { numbers[newValue.torrent.infoHash] = number }
      if newValue == nil, let old = records[number] { numbers[old.torrent.infoHash] = nil }
      records[number] = newValue
    }
  }

  subscript(_ hash: InfoHash) -> Record? { numbers[hash].flatMap { records[$0] } }

  /// Notes a piece that arrived.
  /// - Returns: who is to hear of it, and whether it was the last.
  mutating func verify(_ number: UInt64, _ piece: Int) -> (SwarmObserver?, isWhole: Bool) {
    guard var record = records.removeValue(forKey: number) else { return (nil, false) }
    defer { records[number] = record }
    guard record.verified.insert(piece) else { return (nil, false) }
    if record.verified.isWhole { record.isSeeding = true }
    return (record.observer, record.verified.isWhole)
  }

  mutating func remove(_ number: UInt64) -> Record? {
    let record = records[number]
    self[number] = nil
    return record
  }

  mutating func takeWaiters(of number: UInt64) -> [UnsafeContinuation<Void, Never>] {
    defer { records[number]?.waiters = [] }
    return records[number]?.waiters ?? []
  }

  mutating func takeRefreshWaiters() -> [UnsafeContinuation<Void, Never>] {
    defer { refreshWaiters = [] }
    return refreshWaiters
  }

  /// Forgets all torrents.
  /// - Returns: them, to be let go of outside the lock, and everybody who waits for anything.
  mutating func close() -> (torrents: [Record], waiters: [UnsafeContinuation<Void, Never>]) {
    isClosed = true
    let torrents = Array(records.values)
    (records, numbers) = ([:], [:])
    return (torrents, takeRefreshWaiters() + torrents.flatMap(\.waiters))
  }

  /// - Returns: the file that it leaves, to be let go of outside the lock.
  mutating func settle(_ number: UInt64, on file: BlobFile) -> BlobFile? {
    let left = records[number]?.file
    records[number]?.isSeeding = true
    records[number]?.file = file
    return left
  }
}

extension LiveTorrent {
  init(_ record: LiveTorrents.Record, _ status: ct_status) {
    let isWholeFromTheStart = record.isSeeding && record.verified.count == 0
    self.init(
      digest: record.torrent.digest, infoHash: record.torrent.infoHash, size: record.torrent.size,
      isSeeding: record.isSeeding, verifiedBytes: isWholeFromTheStart ? record.torrent.size : record.verified.bytes,
      peers: Int(status.peers), seeds: Int(status.seeds), downloadBytesPerSecond: Int(status.download_rate),
      uploadBytesPerSecond: Int(status.upload_rate), downloadedBytes: status.downloaded_bytes,
      uploadedBytes: status.uploaded_bytes, wastedBytes: status.wasted_bytes,
      veiledPeers: Int(status.veiled), shownPieces: status.revealed,
      bannedPeers: record.bannedPeers, cutPeers: record.cutPeers)
  }
}
