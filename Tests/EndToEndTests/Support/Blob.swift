import OpenSSLKit

/// Bytes and their name.
struct Blob: Sendable, Hashable {
  let bytes: [UInt8]
  let digest: String

  init(_ bytes: [UInt8], _ function: StreamingHash.Function = .sha256) {
    self.bytes = bytes
    digest = Self.digest(of: bytes, function)
  }

  init(_ text: String) { self.init(Array(text.utf8)) }

  /// As JSON; in a manifest.
  func descriptor(_ mediaType: String) -> String {
    "{\"mediaType\":\"\(mediaType)\",\"digest\":\"\(digest)\",\"size\":\(bytes.count)}"
  }

  static func digest(of bytes: [UInt8], _ function: StreamingHash.Function = .sha256) -> String {
    let hash = StreamingHash.hash(bytes, function)
    let name =
      switch function {
      case .sha1: "sha1:"
      case .sha256: "sha256:"
      case .sha512: "sha512:"
      }
    return name + hash.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
