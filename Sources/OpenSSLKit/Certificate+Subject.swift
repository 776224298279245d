import COpenSSL
import Glibc

extension Certificate {
  /// What it calls its owner. `nil` when that is not plain: two common names, characters that are none, zero bytes within
  /// a name, alternative names that cannot be read. Kinds of names that nobody here uses are passed over.
  public var subject: CertificateSubject? {
    defer { ERR_clear_error() }
    guard let commonName = Self.commonName(of: X509_get_subject_name(pointer)) else { return nil }
    var subject = CertificateSubject(commonName: commonName)
    // -1: there are none. Any other: there are some, or they are there twice or malformed, and then no names come.
    var place: Int32 = 0
    let names = X509_get_ext_d2i(pointer, NID_subject_alt_name, &place, nil).map { OpaquePointer($0) }
    guard let names else { return place == -1 ? subject : nil }
    defer { GENERAL_NAMES_free(names) }
    for index in 0..<OPENSSL_sk_num(names) {
      guard let name = OPENSSL_sk_value(names, index)?.assumingMemoryBound(to: GENERAL_NAME.self),
        Self.add(name.pointee, to: &subject)
      else { return nil }
    }
    return subject
  }

  /// 20 bytes at most, the highest first.
  public var serial: [UInt8] {
    [UInt8](Self.content(X509_get0_serialNumber(pointer)))
  }

  /// Empty when there is none, `nil` when there are two or it is no text.
  private static func commonName(of name: OpaquePointer?) -> String? {
    let first = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
    guard first >= 0 else { return "" }
    guard X509_NAME_get_index_by_NID(name, NID_commonName, first) == -1 else { return nil }
    let value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first))
    var start: UnsafeMutablePointer<UInt8>?
    let count = ASN1_STRING_to_UTF8(&start, value)
    guard count >= 0, let start else { return nil }
    defer { CRYPTO_free(start, nil, 0) }
    return text(UnsafeBufferPointer(start: start, count: Int(count)))
  }

  private static func add(_ name: GENERAL_NAME, to subject: inout CertificateSubject) -> Bool {
    switch name.type {
    case GEN_URI:
      guard let uri = text(content(name.d.uniformResourceIdentifier)) else { return false }
      subject.uris.append(uri)
    case GEN_DNS:
      guard let host = text(content(name.d.dNSName)) else { return false }
      subject.hosts.append(host)
    case GEN_IPADD:
      guard let address = address(content(name.d.iPAddress)) else { return false }
      subject.addresses.append(address)
    default: break
    }
    return true
  }

  private static func content(_ string: UnsafePointer<ASN1_STRING>?) -> UnsafeBufferPointer<UInt8> {
    guard let string else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
  }

  /// A zero byte would end the name for programs in C, and so make it another for them than for us.
  private static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    bytes.contains(0) ? nil : String(validating: bytes, as: UTF8.self)
  }

  private static func address(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    guard bytes.count == 4 || bytes.count == 16 else { return nil }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes.baseAddress, &text, socklen_t(text.count)) != nil else { return nil }
    return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }
}
