import COpenSSL

/// The one peer that a session will speak to, where that is not the same for all sessions of a context. The session owns
/// a reference.
final class TLSExpectation: Sendable {
  private let identity: [UInt8]

  init(_ identity: [UInt8]) { self.identity = identity }

  func attach(to session: OpaquePointer) throws(TLSFailure) {
    let expectation = Unmanaged.passRetained(self)
    guard SSL_set_ex_data(session, Self.index, expectation.toOpaque()) == 1 else {
      expectation.release()
      throw TLSFailure("start a TLS session")
    }
  }

  /// Of the session whose peer is just being verified.
  static func of(_ verification: OpaquePointer) -> [UInt8]? {
    guard let session = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()),
      let expectation = SSL_get_ex_data(OpaquePointer(session), index)
    else { return nil }
    return Unmanaged<TLSExpectation>.fromOpaque(expectation).takeUnretainedValue().identity
  }

  private static let index = shoal_tls_new_session_index { _, expectation, _, _, _, _ in
    expectation.map { Unmanaged<TLSExpectation>.fromOpaque($0).release() }
  }
}
