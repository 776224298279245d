import COpenSSL
import Glibc

/// An X.509 certificate that could be read: its key and its time are there. Whether to believe it is another question.
/// Any thread.
public final class Certificate: @unchecked Sendable {
  // Unchecked: OpenSSL guards what it caches in a certificate, and nothing else changes after init.
  let pointer: OpaquePointer

  public let key: CertificateKey
  public let validity: ValidityPeriod

  /// A certificate of more than this is refused unread.
  public static let byteLimit = 64 << 10
  /// Of one file.
  public static let countLimit = 16

  /// - Parameter owned: freed with this, or at once when it cannot be understood.
  init?(_ owned: OpaquePointer) {
    guard let key = CertificateKey(of: owned), let validity = ValidityPeriod(of: owned) else {
      X509_free(owned)
      return nil
    }
    (pointer, self.key, self.validity) = (owned, key, validity)
  }

  /// `nil`: no certificate, or more than one.
  public convenience init?(der: [UInt8]) {
    guard der.count <= Self.byteLimit else { return nil }
    ERR_clear_error()
    defer { ERR_clear_error() }
    let (read, used) = der.withUnsafeBufferPointer { buffer in
      var cursor = buffer.baseAddress
      let read = d2i_X509(nil, &cursor, buffer.count)
      return (read, cursor.map { $0 - buffer.baseAddress! } ?? 0)
    }
    guard let read else { return nil }
    guard used == der.count else {
      X509_free(read)
      return nil
    }
    self.init(read)
  }

  /// The certificates of a PEM text, in its order; what else stands there is passed over. `nil` when there is none, when
  /// one cannot be read, or when there are more than `countLimit`.
  public static func all(pem: [UInt8]) -> [Certificate]? {
    guard pem.count <= byteLimit, let source = BIO_new_mem_buf(pem, Int32(pem.count)) else { return nil }
    defer {
      BIO_free(source)
      ERR_clear_error()
    }
    ERR_clear_error()
    var found: [Certificate] = []
    while let read = PEM_read_bio_X509(source, nil, refusePassphrase, nil) {
      guard let certificate = Certificate(read), found.count < countLimit else { return nil }
      found.append(certificate)
    }
    let isAtEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
    return isAtEnd && !found.isEmpty ? found : nil
  }

  /// The one certificate of a PEM text; `nil` also when there are more.
  public convenience init?(pem: [UInt8]) {
    guard let all = Self.all(pem: pem), all.count == 1, X509_up_ref(all[0].pointer) == 1 else { return nil }
    self.init(all[0].pointer)
  }

  deinit { X509_free(pointer) }

  public var der: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(max(0, i2d_X509(pointer, nil))))
    let count = bytes.withUnsafeMutableBufferPointer { buffer in
      var cursor = buffer.baseAddress
      return i2d_X509(pointer, &cursor)
    }
    precondition(count == bytes.count, "OpenSSL could not spell a certificate that it has read")
    return bytes
  }

  public var pem: [UInt8] {
    memoryBytes { PEM_write_bio_X509($0, pointer) }
  }

  /// Whether the key of that certificate signed this one, and both names say so. Time and purpose are the caller's to
  /// check.
  public func isIssued(by authority: Certificate) -> Bool {
    defer { ERR_clear_error() }
    return X509_check_issued(authority.pointer, pointer) == X509_V_OK
      && X509_verify(pointer, X509_get0_pubkey(authority.pointer)) == 1
  }

  /// Whether it may sign other certificates, by its own words.
  public var isAuthority: Bool { X509_check_ca(pointer) == 1 }
}

extension ValidityPeriod {
  init?(of certificate: OpaquePointer) {
    guard let notBefore = Self.seconds(X509_get0_notBefore(certificate)),
      let notAfter = Self.seconds(X509_get0_notAfter(certificate))
    else { return nil }
    self.init(notBefore: notBefore, notAfter: notAfter)
  }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
    return Int64(timegm(&parts))
  }
}
