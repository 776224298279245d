/// Why a request's head was refused. Nothing after it can be trusted, so the connection ends with the answer.
public enum HeadRefusal: Error, Sendable, Hashable, CaseIterable {
  case methodMalformed
  case targetMalformed
  case targetTooLong
  case versionMissing
  case versionMalformed
  case versionUnsupported
  case headTooLarge
  case tooManyFields
  case nameMalformed
  case spaceBeforeColon
  case foldedLine
  case valueMalformed
  case bareLineFeed
  case bareCarriageReturn
  case hostMissing
  case hostRepeated
  case hostMalformed
  case lengthMalformed
  case lengthRepeated
  case lengthAndCoding
  case codingInVersion10
  case codingRepeated
  case codingUnsupported
  case expectationUnknown

  public var status: Int {
    switch self {
    case .targetTooLong: 414
    case .headTooLarge, .tooManyFields: 431
    case .versionUnsupported: 505
    case .codingUnsupported: 501
    case .expectationUnknown: 417
    default: 400
    }
  }

  /// For the client: what is wrong.
  public var reason: String {
    switch self {
    case .methodMalformed: "the method is no token"
    case .targetMalformed: "the request target is neither a path, an absolute URI nor, for OPTIONS, *"
    case .targetTooLong: "the request target is too long"
    case .versionMissing: "the request line has no HTTP version"
    case .versionMalformed: "the HTTP version is malformed"
    case .versionUnsupported: "only HTTP/1.1 and HTTP/1.0 are spoken here"
    case .headTooLarge: "the head is too large"
    case .tooManyFields: "the head has too many fields"
    case .nameMalformed: "a field's name is no token"
    case .spaceBeforeColon: "a field has a space before its colon"
    case .foldedLine: "a field is folded over two lines"
    case .valueMalformed: "a field's value has a control character"
    case .bareLineFeed: "a line ends with LF instead of CRLF"
    case .bareCarriageReturn: "a CR stands without its LF"
    case .hostMissing: "the Host field is missing"
    case .hostRepeated: "there are two Host fields"
    case .hostMalformed: "the Host field is malformed"
    case .lengthMalformed: "Content-Length is not one decimal number in range"
    case .lengthRepeated: "there are two Content-Length fields"
    case .lengthAndCoding: "Content-Length and Transfer-Encoding exclude each other"
    case .codingInVersion10: "HTTP/1.0 has no Transfer-Encoding"
    case .codingRepeated: "there are two Transfer-Encoding fields"
    case .codingUnsupported: "the only transfer coding taken here is chunked"
    case .expectationUnknown: "the only expectation known here is 100-continue"
    }
  }
}
