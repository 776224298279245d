import CTorrent
import RegistryCore

/// Learns a magnet link's info dictionary from peers, and of version 2 the piece layer.
///
/// libtorrent 2.0.8 can be brought down from afar while it holds a torrent without its info dictionary, or asks peers for
/// hashes: call this only in a process that can be thrown away.
public struct MagnetResolution: Sendable {
  /// At least one; the same torrent may have both (BEP 52, hybrid).
  public var infoHashes: [InfoHash]
  public var trackers: [String] = []
  public var peers: [PeerEndpoint] = []
  public var dht = true
  /// `host:port`: where the DHT is entered.
  public var dhtNodes: [String] = []
  /// As in `SwarmOptions.listen`, one.
  public var listen = "0.0.0.0:0,[::]:0"
  public var agent = "Shoal"
  /// A larger info dictionary is refused.
  public var limitBytes = 16 * 1024 * 1024

  public init(infoHashes: [InfoHash]) { self.infoHashes = infoHashes }

  /// The `.torrent`: the info dictionary, and the piece layer if the torrent has one. Blocks until it is there, or
  /// `milliseconds` have passed.
  public func resolve(milliseconds: Int) throws(RegistryError) -> [UInt8] {
    do throws(ShimFailure) {
      return try torrent(milliseconds)
    } catch {
      throw RegistryError(error)
    }
  }

  private func torrent(_ milliseconds: Int) throws(ShimFailure) -> [UInt8] {
    // The info dictionary and the piece layer, each at most so large, and some words around them.
    let capacity = 2 * limitBytes + 128
    var outcome: Result<Void, ShimFailure> = .success(())
    let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
      var written: Int32 = 0
      outcome = withPlainMagnet { magnet in
        magnet.timeout_ms = Int32(clamping: milliseconds)
        return Result { () throws(ShimFailure) in
          try ShimFailure.check {
            ct_resolve_magnet(&magnet, buffer.baseAddress, Int32(clamping: capacity), &written, $0)
          }
        }
      }
      count = Int(written)
    }
    try outcome.get()
    return bytes
  }

  private func withPlainMagnet<Success>(_ body: (inout ct_magnet) -> Success) -> Success {
    let v1 = infoHashes.first { $0.version == .v1 }?.bytes ?? []
    let v2 = infoHashes.first { $0.version == .v2 }?.bytes ?? []
    return withTexts(trackers) { trackers in
      withTexts([listen, agent, dhtNodes.joined(separator: ",")]) { texts in
        v1.withUnsafeBufferPointer { v1 in
          v2.withUnsafeBufferPointer { v2 in
            peers.map(ct_endpoint.init).withUnsafeBufferPointer { peers in
              var magnet = ct_magnet()
              magnet.v1_hash = v1.isEmpty ? nil : v1.baseAddress
              magnet.v2_hash = v2.isEmpty ? nil : v2.baseAddress
              (magnet.trackers, magnet.tracker_count) = (trackers, Int32(self.trackers.count))
              (magnet.peers, magnet.peer_count) = (peers.baseAddress, Int32(peers.count))
              (magnet.listen, magnet.agent, magnet.dht_nodes) = (texts?[0], texts?[1], texts?[2])
              magnet.dht = dht ? 1 : 0
              magnet.limit_bytes = Int32(clamping: limitBytes)
              return body(&magnet)
            }
          }
        }
      }
    }
  }
}
