import OpenSSLKit

/// What all requests of one connection share: made once for it, so that a request carries one reference.
final class RequestOrigin: Sendable {
  let peer: PeerAddress
  let local: PeerAddress
  let isSecure: Bool
  let client: TLSPeer?

  init(peer: PeerAddress, local: PeerAddress, isSecure: Bool, client: TLSPeer? = nil) {
    (self.peer, self.local, self.isSecure, self.client) = (peer, local, isSecure, client)
  }

  /// The same connection, after its handshake.
  func certified(_ client: TLSPeer?) -> RequestOrigin {
    client == nil ? self : RequestOrigin(peer: peer, local: local, isSecure: isSecure, client: client)
  }
}
