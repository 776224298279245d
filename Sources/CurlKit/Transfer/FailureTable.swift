import CCurl
import Glibc

/// libcurl's codes in our words.
enum FailureTable {
  /// - Parameters:
  ///   - details: libcurl's text about this transfer. Only those about connections and TLS are shown: others may quote the
  ///     request.
  ///   - systemError: of the last attempt to connect.
  static func error(
    _ code: CURLcode, _ origin: HTTPOrigin, isAwaitingHead: Bool, details: String, systemError: Int32
  ) -> HTTPClientError {
    switch code {
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .cannotConnect(origin, .unknownName)
    case CURLE_COULDNT_CONNECT: return .cannotConnect(origin, connectFailure(systemError, details))
    case CURLE_OPERATION_TIMEDOUT: return .cannotConnect(origin, .timedOut)
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED:
      return .tlsRefused(origin, reason: printable(details))
    case CURLE_RECV_ERROR where details.contains("chunk"):
      return .malformedAnswer(origin, reason: "its chunks are malformed")
    case CURLE_RECV_ERROR, CURLE_SEND_ERROR: return .cut(origin, reason: printable(details))
    case CURLE_GOT_NOTHING: return .cut(origin, reason: "no answer came")
    case CURLE_PARTIAL_FILE: return .cut(origin, reason: "the body is shorter than was said")
    case CURLE_HTTP2_STREAM, CURLE_SEND_FAIL_REWIND: return .cut(origin, reason: text(code))
    // A single line of a head that is beyond libcurl's own bound.
    case CURLE_OUT_OF_MEMORY where isAwaitingHead:
      return .tooLarge(origin, .head, limitBytes: Int(CURL_MAX_HTTP_HEADER))
    case CURLE_TOO_MANY_REDIRECTS: return .malformedAnswer(origin, reason: "too many redirects")
    case CURLE_URL_MALFORMAT: return .malformedRequest(reason: text(code))
    default: return .malformedAnswer(origin, reason: text(code))
    }
  }

  private static func connectFailure(_ code: Int32, _ details: String) -> HTTPClientError.ConnectFailure {
    switch code {
    case ECONNREFUSED: .refused
    case ETIMEDOUT: .timedOut
    case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, EADDRNOTAVAIL: .unreachable
    case 0: .other(printable(details))
    default: .other(String(cString: strerror(code)))
    }
  }

  private static func text(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }

  /// A peer has a hand in some of it: what could disturb a log's line is left out, and it is short.
  private static func printable(_ details: String) -> String {
    let text = details.unicodeScalars.prefix(200).filter { $0.value >= 0x20 && $0.value != 0x7F }
    return text.isEmpty ? "no reason given" : String(String.UnicodeScalarView(text))
  }
}
