import COpenSSL
import Glibc

/// Judges the server of one connection. Touched on the client's thread only.
///
/// The connection's SSL_CTX owns it: the connection may outlive the request that opened it.
final class PeerGuard {
  private let credentials: TLSCredentials
  private let origin: HTTPOrigin
  /// Why the server was refused, or why it refused us.
  private(set) var refusal: String?
  /// The server has said that it sends no more: an end without that is a cut.
  private(set) var hasEnded = false

  init(_ credentials: TLSCredentials, _ origin: HTTPOrigin) {
    self.credentials = credentials
    self.origin = origin
  }

  /// Before the handshake. False when OpenSSL does not take what we ask.
  func watch(_ context: OpaquePointer) -> Bool {
    let own = Unmanaged.passRetained(self).toOpaque()
    guard SSL_CTX_set_ex_data(context, Self.place, own) == 1 else {
      Unmanaged<PeerGuard>.fromOpaque(own).release()
      return false
    }
    SSL_CTX_set_cert_verify_callback(
      context,
      { presented, own in
        guard let presented, let own else { return 0 }
        return Unmanaged<PeerGuard>.fromOpaque(own).takeUnretainedValue().judge(presented) ? 1 : 0
      }, own)
    SSL_CTX_set_info_callback(context) { session, kind, value in
      guard kind & PeerGuard.alertRead == PeerGuard.alertRead else { return }
      PeerGuard.of(session)?.heard(alert: value)
    }
    // A renegotiation could change the certificate of a connection in use; secrets are written to no file, whatever
    // SSLKEYLOGFILE says.
    SSL_CTX_set_options(context, Self.noRenegotiation)
    SSL_CTX_set_keylog_callback(context, nil)
    let version = Int(credentials.minimumVersion.number)
    return SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, version, nil) == 1 && credentials.show(on: context)
  }

  /// The guard of a session's connection.
  static func of(_ session: OpaquePointer?) -> PeerGuard? {
    guard let session, let context = SSL_get_SSL_CTX(session), let own = SSL_CTX_get_ex_data(context, place) else {
      return nil
    }
    return Unmanaged<PeerGuard>.fromOpaque(own).takeUnretainedValue()
  }

  /// In TLS 1.3 a server that dislikes our certificate says so after the handshake: this is the one place to hear it.
  private func heard(alert: Int32) {
    if alert & 0xFF == SSL_AD_CLOSE_NOTIFY {
      hasEnded = true
    } else if alert >> 8 == SSL3_AL_FATAL {
      refusal = "alert of the peer: \(String(cString: SSL_alert_desc_string_long(alert)))"
    }
  }

  /// SSL_CB_READ_ALERT, and SSL_OP_NO_RENEGOTIATION below: macros that Swift cannot import.
  private static let alertRead: Int32 = 0x4004
  private static let noRenegotiation: UInt64 = 1 << 30

  private static let place = CRYPTO_get_ex_new_index(
    CRYPTO_EX_INDEX_SSL_CTX, 0, nil, nil, nil,
    { _, own, _, _, _, _ in
      if let own { Unmanaged<PeerGuard>.fromOpaque(own).release() }
    })

  private func judge(_ presented: OpaquePointer) -> Bool {
    guard let leaf = X509_STORE_CTX_get0_cert(presented) else { return refuse(presented, "it has no certificate") }
    let chain = X509_STORE_CTX_get0_untrusted(presented)
    var code = X509_V_OK
    switch credentials.roots {
    case .none: break
    case .system, .pem: code = verify(leaf, chain, credentials.store)
    case .presented(let isAnchor):
      guard let anchor = Self.first(of: chain, isAnchor) else {
        return refuse(presented, "it presents no certificate that we know")
      }
      let store = TLSCredentials.makeStore(of: [anchor])
      defer { X509_STORE_free(store) }
      code = verify(leaf, chain, store)
    }
    guard code == X509_V_OK else {
      return refuse(presented, String(cString: X509_verify_cert_error_string(Int(code))), code)
    }
    if let reason = checkRefusal(leaf) { return refuse(presented, reason) }
    X509_STORE_CTX_set_error(presented, X509_V_OK)
    return true
  }

  /// The host's name is compared by libcurl, after the handshake and before the request.
  private func checkRefusal(_ leaf: OpaquePointer) -> String? {
    switch credentials.identity {
    case .host: nil
    case .hostAnd(let check), .check(let check): check(origin, TLSCertificate(leaf))
    }
  }

  private func refuse(_ presented: OpaquePointer, _ reason: String, _ code: Int32? = nil) -> Bool {
    refusal = reason
    X509_STORE_CTX_set_error(presented, code ?? X509_V_ERR_APPLICATION_VERIFICATION)
    return false
  }

  /// With a context of our own: libcurl fills the connection's store after we have seen it, by rules of its own.
  private func verify(_ leaf: OpaquePointer, _ chain: OpaquePointer?, _ store: OpaquePointer?) -> Int32 {
    guard let store, let context = X509_STORE_CTX_new() else { return X509_V_ERR_OUT_OF_MEM }
    defer {
      X509_STORE_CTX_free(context)
      ERR_clear_error()
    }
    guard X509_STORE_CTX_init(context, store, leaf, chain) == 1,
      X509_STORE_CTX_set_default(context, "ssl_server") == 1
    else { return X509_V_ERR_UNSPECIFIED }
    if X509_verify_cert(context) == 1 { return X509_V_OK }
    let code = X509_STORE_CTX_get_error(context)
    return code == X509_V_OK ? X509_V_ERR_UNSPECIFIED : code
  }

  private static func first(of chain: OpaquePointer?, _ isAnchor: (TLSCertificate) -> Bool) -> OpaquePointer? {
    for index in 0..<max(0, OPENSSL_sk_num(chain)) {
      guard let certificate = OPENSSL_sk_value(chain, index).map({ OpaquePointer($0) }) else { continue }
      if isAnchor(TLSCertificate(certificate)) { return certificate }
    }
    return nil
  }
}
