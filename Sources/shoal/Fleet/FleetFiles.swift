import BlobStoreDisk
import Configuration
import FleetCore
import FleetService
import Glibc
import OpenSSLKit
import RegistryCore

/// The fleet's certificates and, at an issuer, its key, in the data folder. All of it blocks.
struct FleetFiles: Sendable {
  /// What makes a node a member.
  struct Papers: Sendable {
    /// The fleet's.
    let authority: Certificate
    /// The node's own.
    let certificate: Certificate
    /// `nil`: this node is no issuer.
    let issuing: FleetAuthority?
  }

  let layout: DiskLayout
  /// How long the certificates hold that this node makes as an issuer.
  let certificateSeconds: Int64

  init(_ settings: Settings.Fleet, _ layout: DiskLayout) {
    (self.layout, certificateSeconds) = (layout, settings.certificateLife.components.seconds)
  }

  /// Whether this node belongs to a fleet, as far as its papers say.
  var arePapersHere: Bool { access(layout.fleetCertificate, F_OK) == 0 }

  /// `nil`: the node is alone.
  func load() throws(RegistryError) -> Papers? {
    guard let authority = try certificate(layout.fleetCertificate) else { return nil }
    guard let own = try certificate(layout.nodeCertificate) else {
      throw Self.unusable(layout.nodeCertificate, "it is missing")
    }
    guard access(layout.fleetKey, F_OK) == 0 else {
      return Papers(authority: authority, certificate: own, issuing: nil)
    }
    let key: Ed25519Key
    do throws(KeyFileError) { key = try Ed25519Key.load(layout.fleetKey) } catch {
      throw Self.unusable(layout.fleetKey, error.reason)
    }
    guard let issuing = FleetAuthority(certificate: authority, key: key, certificateSeconds: certificateSeconds) else {
      throw Self.unusable(layout.fleetKey, "it is not the key of \(layout.fleetCertificate)")
    }
    return Papers(authority: authority, certificate: own, issuing: issuing)
  }

  /// What a node needs before it is a member; it is one when `seal` has returned.
  func prepare(_ certificate: Certificate, key: Ed25519Key?) throws(RegistryError) {
    if mkdir(layout.fleet, 0o700) != 0 {
      let code = errno
      guard code == EEXIST else { throw Self.unusable(layout.fleet, String(cString: strerror(code))) }
    }
    if let key {
      do throws(KeyFileError) { try key.save(layout.fleetKey) } catch {
        throw Self.unusable(layout.fleetKey, error.reason)
      }
    } else {
      unlink(layout.fleetKey)
    }
    try save(certificate.pem, layout.nodeCertificate)
  }

  func seal(_ authority: Certificate) throws(RegistryError) { try save(authority.pem, layout.fleetCertificate) }

  /// The node is alone from now on: what made it a member goes first, and then the rest.
  func discard() throws(RegistryError) {
    for path in [layout.fleetCertificate, layout.nodeCertificate, layout.fleetKey] {
      if unlink(path) != 0 {
        let code = errno
        guard code == ENOENT else { throw Self.unusable(path, String(cString: strerror(code))) }
      }
      try syncFolder()
    }
  }

  // MARK: - Files

  private static let byteLimit = 64 << 10

  private func certificate(_ path: String) throws(RegistryError) -> Certificate? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT { return nil }
      throw Self.unusable(path, String(cString: strerror(code)))
    }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: Self.byteLimit)
    let count = read(descriptor, &text, text.count)
    guard count >= 0 else { throw Self.unusable(path, String(cString: strerror(errno))) }
    guard let certificate = Certificate(pem: Array(text.prefix(count))) else {
      throw Self.unusable(path, "it holds no certificate in PEM")
    }
    return certificate
  }

  /// Whole or not at all, and safe from a power cut on return.
  func save(_ text: [UInt8], _ path: String) throws(RegistryError) {
    let temporary = path + ".new"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.unusable(temporary, String(cString: strerror(errno))) }
    defer { close(descriptor) }
    guard write(descriptor, text, text.count) == text.count, fsync(descriptor) == 0, rename(temporary, path) == 0 else {
      throw Self.unusable(path, String(cString: strerror(errno)))
    }
    try syncFolder()
  }

  private func syncFolder() throws(RegistryError) {
    let folder = open(layout.fleet, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw Self.unusable(layout.fleet, String(cString: strerror(errno))) }
    defer { close(folder) }
    guard fsync(folder) == 0 else { throw Self.unusable(layout.fleet, String(cString: strerror(errno))) }
  }

  static func unusable(_ path: String, _ reason: String) -> RegistryError {
    RegistryError(.internal, "\(path) cannot be used: \(reason)")
  }
}

extension FleetFiles.Papers {
  var fleetKey: PublicKey? { authority.key.ed25519.flatMap { PublicKey($0) } }

  func fleet(_ keys: FleetKeys) -> FleetID? { fleetKey?.fleet(keys) }

  /// Whether the node is the only one of its fleet, as far as what it kept says so.
  func isOnly(_ keys: FleetKeys, by kept: [StatementChange]) -> Bool {
    guard let fleetKey else { return false }
    return Array(Directory(fleetKey: fleetKey, kept: kept, keys).members) == [keys.node]
  }
}
