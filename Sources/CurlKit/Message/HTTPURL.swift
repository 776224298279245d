import CCurl

/// An absolute URL of `http` or `https`, without user and fragment. The path is left as it was written.
public struct HTTPURL: Hashable, Sendable {
  public let origin: HTTPOrigin
  /// Path and query as they are sent, from the first slash.
  public let target: String

  public init(parsing text: String) throws(HTTPClientError) {
    guard let handle = curl_url() else { throw .malformedRequest(reason: "no memory for a URL") }
    defer { curl_url_cleanup(handle) }
    let flags = UInt32(CURLU_PATH_AS_IS | CURLU_DISALLOW_USER)
    let code = curl_url_set(handle, CURLUPART_URL, text, flags)
    guard code == CURLUE_OK else {
      throw .malformedRequest(reason: "the URL cannot be used: \(String(cString: curl_url_strerror(code)))")
    }
    let scheme = Self.part(handle, CURLUPART_SCHEME).flatMap { HTTPOrigin.Scheme(rawValue: $0) }
    guard let scheme, let host = Self.part(handle, CURLUPART_HOST) else {
      throw .malformedRequest(reason: "the URL is of neither http nor https")
    }
    let port = Self.part(handle, CURLUPART_PORT).flatMap { UInt16($0) }
    let query = Self.part(handle, CURLUPART_QUERY).map { "?\($0)" } ?? ""
    try self.init(
      HTTPOrigin(scheme, host: Self.withoutBrackets(host), port: port),
      target: (Self.part(handle, CURLUPART_PATH) ?? "/") + query)
  }

  /// - Parameter target: path and query, spelled as they shall be sent.
  public init(_ origin: HTTPOrigin, target: String) throws(HTTPClientError) {
    guard target.utf8.first == UInt8(ascii: "/"), target.utf8.allSatisfy(Self.mayStandInTarget) else {
      throw .malformedRequest(reason: "the request's path does not begin with a slash, or holds what a path cannot")
    }
    guard !origin.host.isEmpty, origin.host.utf8.allSatisfy(Self.mayStandInHost) else {
      throw .malformedRequest(reason: "the URL's host is none")
    }
    self.origin = origin
    self.target = target
  }

  var text: String { "\(origin.scheme.rawValue)://\(origin)\(target)" }

  /// Visible ASCII without the fragment's mark.
  private static func mayStandInTarget(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "#")
  }

  private static func mayStandInHost(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"): true
    default: false
    }
  }

  private static func withoutBrackets(_ host: String) -> String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
  }

  private static func part(_ handle: OpaquePointer, _ part: CURLUPart) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard curl_url_get(handle, part, &text, 0) == CURLUE_OK, let text else { return nil }
    defer { curl_free(text) }
    return String(cString: text)
  }
}
