import COpenSSL
import Glibc

/// A certificate that is being written. One thread.
final class CertificateDraft {
  private let pointer: OpaquePointer

  /// Version 3, with a random serial number of 128 bits.
  init(publicKey: OpaquePointer, _ validity: ValidityPeriod) throws(CertificateFailure) {
    guard validity.notBefore < validity.notAfter else { throw CertificateFailure("it would end before it begins") }
    guard let certificate = X509_new() else { throw CertificateFailure("no memory") }
    pointer = certificate
    let isComplete =
      X509_set_version(certificate, Int(X509_VERSION_3)) == 1 && Self.setSerial(certificate)
      && X509_set_pubkey(certificate, publicKey) == 1
      && ASN1_TIME_set(X509_getm_notBefore(certificate), time_t(validity.notBefore)) != nil
      && ASN1_TIME_set(X509_getm_notAfter(certificate), time_t(validity.notAfter)) != nil
    guard isComplete else { throw CertificateFailure("OpenSSL does not take its key or its time") }
  }

  deinit { X509_free(pointer) }

  private static func setSerial(_ certificate: OpaquePointer) -> Bool {
    let bytes = SecureRandom.bytes(16)
    guard let number = BN_bin2bn(bytes, Int32(bytes.count), nil) else { return false }
    defer { BN_free(number) }
    return BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
  }

  /// At most 64 characters, as the standard has it.
  func setCommonName(_ name: String) throws(CertificateFailure) {
    let text = Array(name.utf8)
    // 0x1000: MBSTRING_UTF8, a macro that Swift cannot import.
    let code = X509_NAME_add_entry_by_NID(
      X509_get_subject_name(pointer), NID_commonName, 0x1000, text, Int32(text.count), -1, 0)
    guard !text.isEmpty, !text.contains(0), code == 1 else {
      throw CertificateFailure("its common name is empty or too long: \(name)")
    }
  }

  /// `nil`: the certificate is its own issuer.
  func setIssuer(_ issuer: Certificate?) throws(CertificateFailure) {
    guard X509_set_issuer_name(pointer, X509_get_subject_name(issuer?.pointer ?? pointer)) == 1 else {
      throw CertificateFailure("OpenSSL does not take its issuer's name")
    }
  }

  /// - Parameter value: in the words of x509v3_config(5). Constant text of ours: it could say anything.
  func extend(_ kind: Int32, _ value: StaticString, issuer: Certificate?) throws(CertificateFailure) {
    var scope = X509V3_CTX()
    X509V3_set_ctx(&scope, issuer?.pointer ?? pointer, pointer, nil, nil, 0)
    let text = value.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
    guard let addition = X509V3_EXT_conf_nid(nil, &scope, kind, text) else {
      throw CertificateFailure("OpenSSL cannot say \(text)")
    }
    defer { X509_EXTENSION_free(addition) }
    guard X509_add_ext(pointer, addition, -1) == 1 else { throw CertificateFailure("no memory") }
  }

  func setAlternativeNames(of subject: CertificateSubject) throws(CertificateFailure) {
    guard let names = GENERAL_NAMES_new() else { throw CertificateFailure("no memory") }
    defer { GENERAL_NAMES_free(names) }
    for uri in subject.uris { try Self.add(GEN_URI, try Self.text(uri), to: names) }
    for host in subject.hosts { try Self.add(GEN_DNS, try Self.text(host), to: names) }
    for address in subject.addresses {
      guard let bytes = a2i_IPADDRESS(address) else { throw CertificateFailure("\(address) is no IP address") }
      try Self.add(GEN_IPADD, bytes, to: names)
    }
    guard OPENSSL_sk_num(names) > 0 else { return }
    guard X509_add1_ext_i2d(pointer, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0) == 1 else {
      throw CertificateFailure("OpenSSL does not take its alternative names")
    }
  }

  private static func text(_ name: String) throws(CertificateFailure) -> UnsafeMutablePointer<ASN1_STRING> {
    let bytes = Array(name.utf8)
    guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw CertificateFailure("a name in it has other characters than visible ASCII: \(name)")
    }
    guard let string = ASN1_STRING_type_new(V_ASN1_IA5STRING) else { throw CertificateFailure("no memory") }
    guard ASN1_STRING_set(string, bytes, Int32(bytes.count)) == 1 else {
      ASN1_STRING_free(string)
      throw CertificateFailure("no memory")
    }
    return string
  }

  /// Takes over `value`.
  private static func add(_ kind: Int32, _ value: UnsafeMutablePointer<ASN1_STRING>, to names: OpaquePointer)
    throws(CertificateFailure)
  {
    guard let name = GENERAL_NAME_new() else {
      ASN1_STRING_free(value)
      throw CertificateFailure("no memory")
    }
    GENERAL_NAME_set0_value(name, kind, UnsafeMutableRawPointer(value))
    guard OPENSSL_sk_push(names, name) > 0 else {
      GENERAL_NAME_free(name)
      throw CertificateFailure("no memory")
    }
  }

  func sign(by key: Ed25519Key) throws(CertificateFailure) -> Certificate {
    // Ed25519 hashes by itself: no digest is named.
    guard X509_sign(pointer, key.pointer, nil) > 0, X509_up_ref(pointer) == 1, let made = Certificate(pointer) else {
      throw CertificateFailure("OpenSSL could not sign it")
    }
    return made
  }
}
