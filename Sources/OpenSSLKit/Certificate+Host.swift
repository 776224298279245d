import COpenSSL

extension Certificate {
  /// Whether a client that wants this host takes the certificate, wildcards and all (RFC 6125). Common names do not count.
  public func isFor(host: String) -> Bool {
    let name = Array(host.utf8)
    defer { ERR_clear_error() }
    return name.withUnsafeBytes { bytes in
      X509_check_host(
        pointer, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count,
        UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT), nil) == 1
    }
  }
}
