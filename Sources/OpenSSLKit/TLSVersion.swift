import COpenSSL

public enum TLSVersion: Sendable {
  case tls12
  case tls13

  var number: Int32 {
    switch self {
    case .tls12: TLS1_2_VERSION
    case .tls13: TLS1_3_VERSION
    }
  }
}
