/// Puts the head of an answer together, line by line as libcurl hands them over, and tells the one that counts from those
/// that go before it (1xx, redirects that are followed).
struct HeadBuilder {
  enum Step {
    case goesOn
    case complete(HTTPHead)
    case tooLarge
    case malformed(String)
  }

  let limitBytes: Int
  private let followsRedirects: Bool
  private var headers = HTTPHeaders()
  private var byteCount = 0
  private var isComplete = false
  private var isVersion1 = false
  /// Nothing else tells where the body ends (RFC 9112 §6.3).
  private(set) var endsWithConnection = false

  init(limitBytes: Int, followsRedirects: Bool) {
    self.limitBytes = limitBytes
    self.followsRedirects = followsRedirects
  }

  /// - Parameter status: asked for at the end of a head only.
  mutating func take(_ line: UnsafeRawBufferPointer, status: () -> Int) -> Step {
    byteCount += line.count
    guard byteCount <= limitBytes else { return .tooLarge }
    // Trailers: nothing in them may change what was already acted upon.
    guard !isComplete else { return .goesOn }
    let text = line.prefix { $0 != Self.carriageReturn && $0 != Self.lineFeed }
    if text.isEmpty { return end(status()) }
    if text.starts(with: "HTTP/".utf8) {
      headers = HTTPHeaders()
      isVersion1 = text.starts(with: "HTTP/1".utf8)
      return .goesOn
    }
    guard let colon = text.firstIndex(of: Self.colon), text[..<colon].allSatisfy(HTTPHeaders.isToken), colon > 0 else {
      return .malformed("a line of its head is no field")
    }
    headers.append(name: text[..<colon], value: Self.trimmed(text[(colon + 1)...]))
    return .goesOn
  }

  private mutating func end(_ status: Int) -> Step {
    if status < 200 || willBeFollowed(status) { return .goesOn }
    let lengths = Set(headers.all("Content-Length"))
    guard lengths.count <= 1 else { return .malformed("it has two lengths") }
    let isChunked = headers.has("Transfer-Encoding")
    endsWithConnection = isVersion1 && !isChunked && lengths.isEmpty && status != 204 && status != 304
    isComplete = true
    return .complete(
      HTTPHead(
        status: status, headers: headers, contentLength: isChunked ? nil : lengths.first.flatMap { Int64($0) }))
  }

  /// By libcurl's own rule.
  private func willBeFollowed(_ status: Int) -> Bool {
    followsRedirects && (300..<400).contains(status) && !(headers["Location"] ?? "").isEmpty
  }

  private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
    let tail = bytes.drop { isBlank($0) }
    guard let last = tail.lastIndex(where: { !isBlank($0) }) else { return tail.prefix(0) }
    return tail[...last]
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  private static let carriageReturn: UInt8 = 0x0D
  private static let lineFeed: UInt8 = 0x0A
  private static let colon = UInt8(ascii: ":")
}
