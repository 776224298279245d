import COpenSSL
import OpenSSLKit

/// Somebody who shows another's certificate and signs with a key of his own. His OpenSSL is made to believe that both
/// belong together, while what goes out on the wire is the certificate as it was issued.
final class ForgedOwner {
  struct Failure: Error {}

  private let certificate: OpaquePointer
  private let key: OpaquePointer

  init(of stolen: Certificate) throws {
    let der = stolen.der
    let read = der.withUnsafeBufferPointer { buffer in
      var cursor = buffer.baseAddress
      return d2i_X509(nil, &cursor, buffer.count)
    }
    let own = SecureRandom.bytes(32)
    guard let read, let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, own, own.count),
      // Its spelling was kept when it was read, and is not made anew.
      X509_set_pubkey(read, key) == 1, i2d_X509(read, nil) == der.count
    else { throw Failure() }
    (certificate, self.key) = (read, key)
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  func install(in context: OpaquePointer?) -> Bool {
    SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1
  }
}
