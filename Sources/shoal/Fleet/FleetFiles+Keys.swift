import Glibc
import OpenSSLKit
import RegistryCore

/// What changes while a node is a member. All of it blocks, and is safe from a power cut on return.
extension FleetFiles {
  /// In place of the certificate that the node had.
  func renew(_ certificate: Certificate) throws(RegistryError) { try save(certificate.pem, layout.nodeCertificate) }

  /// Makes the node one that holds the fleet's key.
  func keep(_ key: Ed25519Key) throws(RegistryError) {
    do throws(KeyFileError) { try key.save(layout.fleetKey) } catch {
      throw Self.unusable(layout.fleetKey, error.reason)
    }
  }

  /// As `fleet init` leaves it, where nobody has carried it away.
  var isRecoveryFileHere: Bool { access(layout.fleetRecovery, F_OK) == 0 }

  /// The node holds the fleet's key no more.
  func dropKey() throws(RegistryError) {
    guard unlink(layout.fleetKey) != 0 else { return }
    let code = errno
    if code != ENOENT { throw Self.unusable(layout.fleetKey, String(cString: strerror(code))) }
  }
}
