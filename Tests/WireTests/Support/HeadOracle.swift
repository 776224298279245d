import CHTTPParser

@testable import Wire

/// Debian's libhttp-parser, which reads more laxly than we do: what we take, it must take and read the same way.
struct HeadOracle {
  enum Verdict {
    case read(ParsedHead)
    case refused(String)
    /// It knows a fixed list of methods only.
    case unknownMethod
  }

  static func read(_ bytes: [UInt8]) -> Verdict {
    var parser = http_parser()
    http_parser_init(&parser, HTTP_REQUEST)
    var settings = http_parser_settings()
    http_parser_settings_init(&settings)
    settings.on_url = { HeadOracle.collect($0, $1, $2) { $0.url.append(contentsOf: $1) } }
    settings.on_header_field = { HeadOracle.collect($0, $1, $2) { $0.name($1) } }
    settings.on_header_value = { HeadOracle.collect($0, $1, $2) { $0.value($1) } }
    settings.on_headers_complete = { parser in
      HeadOracle.transcript(parser).complete(parser)
      return 1
    }
    let transcript = Transcript()
    parser.data = Unmanaged.passUnretained(transcript).toOpaque()
    _ = bytes.withUnsafeBytes { buffer in
      http_parser_execute(&parser, &settings, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
    }
    let code = http_errno(rawValue: parser.http_errno)
    return withExtendedLifetime(transcript) {
      if code == HPE_INVALID_METHOD { return .unknownMethod }
      guard code == HPE_OK, let head = transcript.head else { return .refused(String(cString: http_errno_name(code))) }
      return .read(head)
    }
  }

  private static func transcript(_ parser: UnsafeMutablePointer<http_parser>?) -> Transcript {
    Unmanaged<Transcript>.fromOpaque(parser!.pointee.data).takeUnretainedValue()
  }

  private static func collect(
    _ parser: UnsafeMutablePointer<http_parser>?, _ start: UnsafePointer<CChar>?, _ count: Int,
    _ body: (Transcript, UnsafeRawBufferPointer) -> Void
  ) -> Int32 {
    body(transcript(parser), UnsafeRawBufferPointer(start: start, count: count))
    return 0
  }
}

/// What the oracle's callbacks said.
private final class Transcript {
  var url: [UInt8] = []
  private(set) var head: ParsedHead?
  private var names: [[UInt8]] = []
  private var values: [[UInt8]] = []

  func name(_ bytes: UnsafeRawBufferPointer) {
    if names.count == values.count { names.append([]) }
    names[names.count - 1].append(contentsOf: bytes)
  }

  func value(_ bytes: UnsafeRawBufferPointer) {
    if values.count < names.count { values.append([]) }
    values[values.count - 1].append(contentsOf: bytes)
  }

  func complete(_ parser: UnsafeMutablePointer<http_parser>?) {
    guard let parser else { return }
    var read = ParsedHead()
    read.method = String(cString: http_method_str(http_method(rawValue: parser.pointee.method)))
    (read.path, read.query, read.authority) = target()
    read.fields = names.indices.map { index in
      let value = index < values.count ? values[index] : []
      return ParsedHead.Field(name: text(names[index]), value: text(trimmed(value)))
    }
    read.isVersion11 = parser.pointee.http_minor == 1
    read.keepsAlive = http_should_keep_alive(parser) != 0
    let isChunked = parser.pointee.flags & F_CHUNKED.rawValue != 0
    let length = parser.pointee.content_length
    read.framing = isChunked ? .chunked : length == 0 || length == .max ? .none : .length(Int64(clamping: length))
    head = read
  }

  private func target() -> (path: String, query: String?, authority: String?) {
    var parts = http_parser_url()
    http_parser_url_init(&parts)
    let code = url.withUnsafeBytes {
      http_parser_parse_url($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count, 0, &parts)
    }
    guard code == 0 else { return (text(url), nil, nil) }
    return (part(parts, UF_PATH) ?? "", part(parts, UF_QUERY), part(parts, UF_HOST))
  }

  private func part(_ parts: http_parser_url, _ field: http_parser_url_fields) -> String? {
    var length: Int32 = 0
    let start = withUnsafePointer(to: parts) { shoal_url_part($0, field, &length) }
    return start < 0 ? nil : text(Array(url[Int(start)..<Int(start) + Int(length)]))
  }

  private func trimmed(_ value: [UInt8]) -> [UInt8] {
    Array(value.prefix((value.lastIndex { $0 != 0x20 && $0 != 0x09 } ?? -1) + 1))
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
