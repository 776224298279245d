import CurlKit
import OpenSSLKit
import RegistryCore

/// The name under which connections with a member are pooled, and by which its certificate is checked. It is looked up
/// nowhere: who is dialled is said by its card. A label of a host's name has 63 characters at most, so an ID takes two.
extension HTTPOrigin {
  init(_ member: NodeID) {
    let hex = member.description
    self.init(.https, host: "\(hex.prefix(32)).\(hex.suffix(32)).member")
  }
}

extension TLSCertificate {
  /// Whose it says to be: proven when the handshake is done.
  var owner: NodeID? { Certificate(der: der).flatMap { NodeID($0.key.identity) } }
}
