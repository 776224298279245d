import COpenSSL

/// A self-signed certificate and its key, written as PEM.
struct TestCertificate {
  struct Failure: Error {}

  /// Made anew each time; `serial` tells two of them apart.
  static func write(certificatePath: String, keyPath: String, serial: Int) throws {
    guard let key = makeKey(), let certificate = X509_new() else { throw Failure() }
    defer {
      EVP_PKEY_free(key)
      X509_free(certificate)
    }
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial)
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86_400)
    X509_set_pubkey(certificate, key)
    let name = X509_get_subject_name(certificate)
    X509_NAME_add_entry_by_txt(name, "CN", textIsUTF8, "localhost", -1, -1, 0)
    X509_set_issuer_name(certificate, name)
    guard X509_sign(certificate, key, EVP_sha256()) > 0 else { throw Failure() }
    try write(certificatePath) { PEM_write_bio_X509($0, certificate) }
    try write(keyPath) { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
  }

  private static func makeKey() -> OpaquePointer? {
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
      EVP_PKEY_generate(context, &key) == 1
    else { return nil }
    return key
  }

  private static func write(_ path: String, _ body: (OpaquePointer) -> Int32) throws {
    guard let file = BIO_new_file(path, "w") else { throw Failure() }
    defer { BIO_free(file) }
    guard body(file) == 1 else { throw Failure() }
  }

  /// MBSTRING_UTF8, a macro that Swift cannot import.
  private static let textIsUTF8: Int32 = 0x1000
}
