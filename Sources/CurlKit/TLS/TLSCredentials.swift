import COpenSSL

/// What a client shows to servers, and what it wants to see of them. Read once, and not changed afterwards; any thread.
public final class TLSCredentials: @unchecked Sendable {
  // Unchecked: OpenSSL counts references atomically, and only reads what is behind these pointers.

  public enum Version: Sendable {
    case tls12
    case tls13

    var number: Int32 { self == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION }
  }

  /// Where the trust begins.
  public enum Roots: Sendable {
    /// Those of the operating system.
    case system
    /// One or more certificates.
    case pem([UInt8])
    /// A certificate that the server itself presents, known by what the closure compares: for a first meeting, with nothing
    /// but a fingerprint in hand. Called on the client's thread.
    case presented(@Sendable (TLSCertificate) -> Bool)
    /// None: whatever the server presents goes to the check alone, which there must be.
    case none
  }

  /// What the server's certificate must be, besides signed by a root and of this day.
  public enum Identity: Sendable {
    /// Of the URL's host. Redirects are followed with this one alone: a check knows the origin that was asked for, and no other.
    case host
    /// Of the URL's host, and liked by the check.
    case hostAnd(PeerCheck)
    /// Liked by the check, whatever name it bears.
    case check(PeerCheck)
  }

  /// Called with the server's own certificate before a byte of the request is sent, on the client's thread, once a
  /// connection. Must not block. The answer is the reason to refuse it; `nil` accepts.
  public typealias PeerCheck = @Sendable (HTTPOrigin, TLSCertificate) -> String?

  /// The operating system's roots, the URL's host, TLS 1.2.
  public static func system() throws(TLSCredentialsFailure) -> TLSCredentials { try TLSCredentials() }

  let roots: Roots
  let identity: Identity
  let minimumVersion: Version
  /// `nil` when the roots come with the connection, or not at all.
  let store: OpaquePointer?
  private let certificates: [OpaquePointer]
  private let key: OpaquePointer?

  /// May read the system's certificates, so it may block.
  /// - Parameters:
  ///   - certificates: the client's certificate and then those between it and the root, as PEM.
  ///   - key: its private key as PEM, without passphrase.
  public init(
    roots: Roots = .system, identity: Identity = .host, minimumVersion: Version = .tls12,
    certificates: [UInt8] = [], key: [UInt8] = []
  ) throws(TLSCredentialsFailure) {
    if case .none = roots, case .host = identity { throw TLSCredentialsFailure("without roots a check must judge") }
    self.roots = roots
    self.identity = identity
    self.minimumVersion = minimumVersion
    store = try Self.makeStore(roots)
    self.certificates = PEM.certificates(certificates)
    self.key = PEM.privateKey(key)
    guard certificates.isEmpty == self.certificates.isEmpty else {
      throw TLSCredentialsFailure("no certificate in the PEM")
    }
    guard key.isEmpty == (self.key == nil) else { throw TLSCredentialsFailure("no private key in the PEM") }
    guard self.certificates.isEmpty == (self.key == nil) else {
      throw TLSCredentialsFailure("a certificate needs its key, and a key its certificate")
    }
    if let leaf = self.certificates.first, X509_check_private_key(leaf, self.key) != 1 {
      ERR_clear_error()
      throw TLSCredentialsFailure("the key is not the certificate's")
    }
  }

  deinit {
    for certificate in certificates { X509_free(certificate) }
    EVP_PKEY_free(key)
    X509_STORE_free(store)
  }

  private static func makeStore(_ roots: Roots) throws(TLSCredentialsFailure) -> OpaquePointer? {
    switch roots {
    case .presented, .none: return nil
    case .system:
      guard let store = X509_STORE_new() else { throw TLSCredentialsFailure("no memory") }
      X509_STORE_set_default_paths(store)
      return store
    case .pem(let bytes):
      let certificates = PEM.certificates(bytes)
      defer { for certificate in certificates { X509_free(certificate) } }
      guard !certificates.isEmpty else { throw TLSCredentialsFailure("no root certificate in the PEM") }
      return makeStore(of: certificates)
    }
  }

  /// The store holds references of its own.
  static func makeStore(of certificates: [OpaquePointer]) -> OpaquePointer? {
    guard let store = X509_STORE_new() else { return nil }
    for certificate in certificates { X509_STORE_add_cert(store, certificate) }
    // What stands there is where the trust begins, also where it did not sign itself.
    X509_STORE_set_flags(store, UInt(X509_V_FLAG_PARTIAL_CHAIN))
    return store
  }

  /// Whether libcurl shall compare the certificate's names with the URL's host.
  var comparesHost: Bool {
    if case .check = identity { false } else { true }
  }

  var letsRedirect: Bool {
    if case .host = identity { true } else { false }
  }

  /// Gives a connection's context what we show. False when OpenSSL does not take it.
  func show(on context: OpaquePointer) -> Bool {
    guard let leaf = certificates.first else { return true }
    guard SSL_CTX_use_certificate(context, leaf) == 1, SSL_CTX_use_PrivateKey(context, key) == 1 else { return false }
    return certificates.dropFirst().allSatisfy { certificate in
      SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(certificate)) == 1
    }
  }
}

/// A certificate as a server presented it.
public struct TLSCertificate: Sendable {
  /// The whole certificate, as DER.
  public let der: [UInt8]
  /// Its public key, as DER of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7).
  public let publicKey: [UInt8]

  init(_ certificate: OpaquePointer) {
    der = Self.encode { i2d_X509(certificate, $0) }
    publicKey = Self.encode { i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), $0) }
  }

  private static func encode(_ write: (UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?) -> Int32) -> [UInt8] {
    let count = Int(max(0, write(nil)))
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      var place = buffer.baseAddress
      initialized = Int(max(0, write(&place)))
    }
  }
}

/// Why credentials cannot be used. Holds nothing of the key.
public struct TLSCredentialsFailure: Error, Sendable, CustomStringConvertible {
  public let reason: String

  init(_ reason: String) { self.reason = reason }

  public var description: String { "TLS credentials: \(reason)" }
}
