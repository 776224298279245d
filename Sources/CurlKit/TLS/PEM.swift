import COpenSSL

/// Certificates and keys out of PEM text. What they return is the caller's to free.
enum PEM {
  /// All of them, in their order.
  static func certificates(_ text: [UInt8]) -> [OpaquePointer] {
    reading(text) { source in
      var found: [OpaquePointer] = []
      while let certificate = PEM_read_bio_X509(source, nil, noPassphrase, nil) { found.append(certificate) }
      return found
    } ?? []
  }

  static func privateKey(_ text: [UInt8]) -> OpaquePointer? {
    reading(text) { PEM_read_bio_PrivateKey($0, nil, noPassphrase, nil) } ?? nil
  }

  private static func reading<Result>(_ text: [UInt8], _ body: (OpaquePointer) -> Result) -> Result? {
    text.withUnsafeBytes { bytes in
      guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
      defer {
        BIO_free(source)
        // The end of the text is an error to OpenSSL.
        ERR_clear_error()
      }
      return body(source)
    }
  }

  /// Without a callback OpenSSL would ask for a passphrase on the terminal.
  private static let noPassphrase:
    @convention(c) (
      UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
    ) -> Int32 = { _, _, _, _ in -1 }
}
