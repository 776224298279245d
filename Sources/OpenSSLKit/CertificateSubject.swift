/// What a certificate calls its owner.
public struct CertificateSubject: Hashable, Sendable {
  public var commonName: String
  /// Alternative names, for who looks a service up by one.
  public var uris: [String]
  public var hosts: [String]
  /// IPv4 and IPv6 as text.
  public var addresses: [String]

  public init(commonName: String, uris: [String] = [], hosts: [String] = [], addresses: [String] = []) {
    (self.commonName, self.uris, self.hosts, self.addresses) = (commonName, uris, hosts, addresses)
  }
}
