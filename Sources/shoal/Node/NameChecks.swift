import Configuration
import OpenSSLKit
import Telemetry

/// What could make clients stumble over the registry's names, told when the node starts.
struct NameChecks {
  let settings: Settings
  let log: Logger

  /// Reads the certificate again; blocks.
  func run() throws {
    guard !settings.names.isEmpty, let files = settings.http.tls.files else { return }
    let pem = try WholeFile.read(files.certificate, atMost: Certificate.byteLimit)
    guard let certificate = Certificate.all(pem: pem)?.first else { return }
    for name in settings.names {
      let host = String(name.prefix { $0 != ":" })
      if !certificate.isFor(host: host) {
        log.warning(
          "the certificate of http.tls does not name the registry: clients will refuse it under that name",
          LogField("name", host), LogField("certificate", files.certificate))
      }
    }
  }
}
