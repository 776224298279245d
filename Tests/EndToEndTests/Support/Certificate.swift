/// A self-signed certificate for loopback, made by the openssl command.
struct Certificate {
  let certificate: String
  let key: String

  /// - Parameter name: the common name, so that two can be told apart.
  init(in folder: TemporaryFolder, name: String) throws {
    certificate = folder("\(name).crt")
    key = folder("\(name).key")
    let openssl = try ChildProcess([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
      "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost", "-keyout", key, "-out",
      certificate,
    ])
    guard try openssl.wait() == .exit(0) else { throw Trouble("openssl: \(openssl.errors.text)") }
  }

  var settings: [String: String] { ["http.tls.certificate": certificate, "http.tls.key": key] }
}
