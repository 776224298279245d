import CurlKit
import FleetService
import OpenSSLKit
import RegistryCore

/// Keys and certificates over the channel.
extension FleetChannel {
  /// The member reads and writes files before it answers.
  private static let papersPatience = Duration.seconds(5)
  private static let wishByteLimit = 4096

  /// For connections to come; what runs goes on under what it began with.
  public func use(_ certificate: Certificate, _ authority: Certificate, _ keys: FleetKeys) throws {
    client.use(try Self.credentials(keys, certificate, authority))
  }

  /// Asks an issuer for a new certificate of this node. `nil`: there was none, for whatever reason.
  public func certificate(from issuer: NodeID) async -> Certificate? {
    await fetchInTurn(
      .certificate, from: issuer, HTTPPatience(whole: Self.papersPatience), atMost: Certificate.byteLimit
    ).flatMap { Certificate(der: $0) }
  }

  /// Asks a member under what the fleet's key shall be sealed for it.
  public func keyWish(of member: NodeID) async -> [UInt8]? {
    await post(.keyWish, to: member, [], atMost: Self.wishByteLimit)
  }

  /// Whether the member says that it has the key, on disk.
  public func hand(_ parcel: [UInt8], to member: NodeID) async -> Bool {
    await post(.key, to: member, parcel, atMost: 0) != nil
  }

  private func post(_ route: FleetRoute, to member: NodeID, _ bytes: [UInt8], atMost limit: Int) async -> [UInt8]? {
    await fetch(
      route, from: member, at: addresses(of: member), sending: bytes, HTTPPatience(whole: Self.papersPatience),
      atMost: limit)
  }
}
