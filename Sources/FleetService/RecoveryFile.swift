import FleetCore
import OpenSSLKit
import RegistryCore

/// What an operator carries away: the fleet's certificate and its private key, as PEM behind a few lines for people. With it
/// any member is an issuer again; who belongs to the fleet the members know.
public struct RecoveryFile: Sendable {
  public static let byteLimit = 64 << 10

  public let authority: FleetAuthority

  public init(_ authority: FleetAuthority) { self.authority = authority }

  /// `nil`: it holds no key of a fleet, or one that is not its certificate's.
  public init?(text: [UInt8]) {
    guard text.count <= Self.byteLimit, let certificate = Certificate(pem: text), let key = Ed25519Key(pem: text),
      let authority = FleetAuthority(certificate: certificate, key: key)
    else { return nil }
    self.authority = authority
  }

  /// A secret: wipe it when it has served.
  /// - Parameter fleet: for people, to tell it from others.
  public func text(of fleet: FleetID) -> [UInt8] {
    let lines = """
      # The recovery file of the shoal fleet \(fleet).
      # It holds the fleet's private key: whoever has it can let nodes into the fleet and put them out. Keep it where the
      # nodes are not, readable by you alone.
      # When every issuer is lost, on any member that runs:  shoal fleet recover --file THIS_FILE

      """
    var pem = authority.key.pem
    defer { SecretBytes.wipe(&pem) }
    return Array(lines.utf8) + authority.certificate.pem + pem
  }
}
