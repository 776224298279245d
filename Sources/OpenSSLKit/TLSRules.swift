import COpenSSL

/// What the callbacks of an `SSL_CTX` go by. The context owns a reference, so it lives as long as that and its sessions,
/// whoever holds them.
final class TLSRules: Sendable {
  let trust: TLSTrust?
  /// `CertificateKey.identity` of the one peer that will do; of a session if that says nothing.
  private let expected: [UInt8]?
  private let protocols: [[UInt8]]

  init(trust: TLSTrust?, expected: [UInt8]?, protocols: [String]) {
    (self.trust, self.expected) = (trust, expected)
    self.protocols = protocols.map { Array($0.utf8) }
  }

  /// Each name with its length before it (RFC 7301 §3.1).
  var protocolList: [UInt8] { protocols.flatMap { [UInt8(clamping: $0.count)] + $0 } }

  func attach(to context: OpaquePointer) throws(TLSFailure) {
    let rules = Unmanaged.passRetained(self)
    guard SSL_CTX_set_ex_data(context, Self.index, rules.toOpaque()) == 1 else {
      rules.release()
      throw TLSFailure("configure TLS")
    }
    SSL_CTX_set_alpn_select_cb(context, Self.selectProtocol, rules.toOpaque())
    if trust != nil { SSL_CTX_set_cert_verify_callback(context, Self.verify, rules.toOpaque()) }
  }

  /// Where a context keeps its rules; they are released with it.
  private static let index = shoal_tls_new_context_index { _, rules, _, _, _, _ in
    rules.map { Unmanaged<TLSRules>.fromOpaque($0).release() }
  }

  private static func rules(_ argument: UnsafeMutableRawPointer?) -> TLSRules? {
    argument.map { Unmanaged<TLSRules>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: Whom to believe

  /// Takes the place of OpenSSL's own verification, which it calls: so what is not expected ends the handshake before
  /// this side has said who it is.
  private static let verify: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { state, argument in
    guard let state, let rules = rules(argument), let trust = rules.trust, trust.accepts(state) else { return 0 }
    guard let expected = TLSExpectation.of(state) ?? rules.expected else { return 1 }
    let shown = X509_STORE_CTX_get0_cert(state).flatMap { CertificateKey(of: $0) }
    if shown?.identity == expected { return 1 }
    X509_STORE_CTX_set_error(state, X509_V_ERR_APPLICATION_VERIFICATION)
    return 0
  }

  // MARK: What to speak

  /// The first of ours that the client offers; else none, which HTTP clients take for HTTP/1.1 too.
  private static let selectProtocol: SSL_CTX_alpn_select_cb_func = {
    _, chosen, chosenLength, offered, count, argument in
    guard let offered, let rules = rules(argument) else { return SSL_TLSEXT_ERR_NOACK }
    let list = UnsafeBufferPointer(start: offered, count: Int(count))
    for wanted in rules.protocols {
      guard let place = find(wanted, in: list) else { continue }
      chosen?.pointee = offered + place.lowerBound
      chosenLength?.pointee = UInt8(place.count)
      return SSL_TLSEXT_ERR_OK
    }
    return SSL_TLSEXT_ERR_NOACK
  }

  private static func find(_ name: [UInt8], in list: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
    var start = 0
    while start < list.count {
      let place = (start + 1)..<(start + 1 + Int(list[start]))
      guard place.upperBound <= list.count else { return nil }
      if list[place].elementsEqual(name) { return place }
      start = place.upperBound
    }
    return nil
  }
}
