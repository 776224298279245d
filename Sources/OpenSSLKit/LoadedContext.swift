import COpenSSL

/// One `SSL_CTX`. Its sessions hold references of their own.
final class LoadedContext: @unchecked Sendable {
  // Unchecked: not changed after init, and OpenSSL counts references atomically.
  let pointer: OpaquePointer

  enum Side {
    case client
    case server
  }

  init(_ side: Side, _ credentials: TLSCredentials?, _ rules: TLSRules, _ minimumVersion: TLSVersion)
    throws(TLSFailure)
  {
    ERR_clear_error()
    guard let context = SSL_CTX_new(side == .server ? TLS_server_method() : TLS_client_method()) else {
      throw TLSFailure("start TLS")
    }
    pointer = context
    shoal_tls_set_defaults(context)
    guard SSL_CTX_set_cipher_list(context, Self.ciphers) == 1 else { throw TLSFailure("configure TLS") }
    try Self.arm(context, credentials, rules, minimumVersion)
    let list = rules.protocolList
    if side == .client, !list.isEmpty, SSL_CTX_set_alpn_protos(context, list, UInt32(list.count)) != 0 {
      throw TLSFailure("configure TLS")
    }
  }

  deinit { SSL_CTX_free(pointer) }

  /// What makes a context, of whoever, show these credentials and believe by these rules.
  static func arm(
    _ context: OpaquePointer, _ credentials: TLSCredentials?, _ rules: TLSRules, _ minimumVersion: TLSVersion
  ) throws(TLSFailure) {
    guard shoal_tls_set_minimum_version(context, minimumVersion.number) == 1 else { throw TLSFailure("configure TLS") }
    try rules.attach(to: context)
    try credentials?.install(in: context)
    guard let trust = rules.trust else { return }
    try trust.install(in: context)
    // A server asks for a certificate and goes on without; one that is shown and not good ends the handshake.
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
  }

  /// Of TLS 1.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
  private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
}
