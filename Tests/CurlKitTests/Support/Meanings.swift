import CurlKit

/// The client's; OpenSSLKit has one of that name too.
typealias TLSCredentials = CurlKit.TLSCredentials
