import OpenSSLKit

/// What lives as long as its peer is wanted.
protocol PeerBound: Watched {
  /// Ends it at once, whatever runs.
  func end(ifUnwanted isUnwanted: (TLSPeer) -> Bool)
}
