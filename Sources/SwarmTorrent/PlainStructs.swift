import CTorrent
import RegistryCore

extension ct_options {
  /// All but the texts, which must outlive it.
  init(_ options: SwarmOptions) {
    self.init()
    role = options.role == .fleet ? CT_ROLE_FLEET : CT_ROLE_PUBLIC
    listen_count = Int32(options.listen.count)
    registered_only = options.registeredOnly ? 1 : 0
    expected_only = options.expectedOnly ? 1 : 0
    local_discovery = options.localDiscovery ? 1 : 0
    dht = options.dht ? 1 : 0
    connections_limit = Int32(clamping: options.connectionsLimit)
    rates = ct_rates(options.rates)
    alert_queue_size = Int32(clamping: options.alertQueueSize)
    hides = options.hidesFromBytes == nil ? 0 : 1
    hide_from_bytes = options.hidesFromBytes ?? 0
    word_queue_size = Int32(clamping: options.wordQueueSize)
  }
}

extension ct_rates {
  init(_ rates: SwarmOptions.Rates) {
    self.init(
      upload: Int32(clamping: rates.upload), download: Int32(clamping: rates.download),
      near_upload: Int32(clamping: rates.nearUpload), near_download: Int32(clamping: rates.nearDownload),
      far_upload: Int32(clamping: rates.farUpload), far_download: Int32(clamping: rates.farDownload))
  }
}

extension ct_endpoint {
  /// A text that is too long for an address is cut, and refused by the shim as none.
  init(_ endpoint: PeerEndpoint) {
    self.init()
    port = endpoint.port
    withUnsafeMutableBytes(of: &address) { field in
      field.dropLast().copyBytes(from: endpoint.address.utf8.prefix(field.count - 1))
    }
  }
}

extension LivePeer {
  init(_ plain: ct_peer) {
    self.init(
      PeerEndpoint(plain.at), pieces: Int(plain.pieces), isSeed: plain.seed != 0,
      downloadBytesPerSecond: Int(plain.download_rate), uploadBytesPerSecond: Int(plain.upload_rate),
      downloadedBytes: plain.downloaded_bytes, uploadedBytes: plain.uploaded_bytes)
  }
}

extension PeerEndpoint {
  init(_ plain: ct_endpoint) { self.init(address: ShimFailure.text(of: plain.address), port: plain.port) }
}

/// Runs `body` with the torrent as the shim wants it; what it points to lives for the call.
func withPlainTorrent<Success>(
  _ torrent: SwarmTorrent, _ peers: [PeerEndpoint], _ body: (inout ct_torrent) -> Success
) -> Success {
  withTexts(torrent.trackers) { trackers in
    torrent.info.withUnsafeBufferPointer { info in
      torrent.pieceLayer.withUnsafeBufferPointer { layer in
        torrent.infoHash.bytes.withUnsafeBufferPointer { hash in
          peers.map(ct_endpoint.init).withUnsafeBufferPointer { endpoints in
            var plain = ct_torrent()
            (plain.info, plain.info_bytes) = (info.baseAddress, Int32(info.count))
            (plain.piece_layer, plain.piece_layer_bytes) = (layer.baseAddress, Int32(layer.count))
            (plain.info_hash, plain.info_hash_bytes) = (hash.baseAddress, Int32(hash.count))
            (plain.trackers, plain.tracker_count) = (trackers, Int32(torrent.trackers.count))
            (plain.peers, plain.peer_count) = (endpoints.baseAddress, Int32(endpoints.count))
            plain.size = torrent.size
            return body(&plain)
          }
        }
      }
    }
  }
}
