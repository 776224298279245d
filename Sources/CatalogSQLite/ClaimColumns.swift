import RegistryCore

/// How a claim's statement lies in the log: kind, key, value.
enum ClaimKind: Int64 {
  case manifest = 1
  case tag = 2
}

/// The value of a manifest's claim, as bytes that a signature can stand over: the same facts always give the same bytes.
///
///     value = version size mediaType subject artifactType
///     version = %x01                size = 8 bytes, big-endian
///     each field = its length in 4 bytes, big-endian, and its bytes; the length FFFFFFFF says that there is none
extension ManifestFacts {
  private static let version: UInt8 = 1
  private static let none = UInt32.max

  var claimValue: [UInt8] {
    var bytes = [Self.version]
    bytes.append(bigEndian: UInt64(size))
    for field in [Array(mediaType.text.utf8), subject?.column, artifactType.map { Array($0.utf8) }] {
      bytes.append(bigEndian: field.map { UInt32($0.count) } ?? Self.none)
      bytes.append(contentsOf: field ?? [])
    }
    return bytes
  }

  /// `nil`: not a value that this release reads.
  init?(claimValue: [UInt8]) {
    var rest = claimValue[...]
    guard rest.popFirst() == Self.version, let size = rest.takeBigEndian(bytes: 8).flatMap(Int.init(exactly:)),
      let mediaTypeBytes = rest.takeField(), let subjectBytes = rest.takeField(),
      let artifactTypeBytes = rest.takeField(), rest.isEmpty,
      let mediaType = mediaTypeBytes.flatMap({ MediaType(parsing: String(decoding: $0, as: UTF8.self)) })
    else { return nil }
    let subject = subjectBytes.flatMap { Digest(column: $0) }
    guard (subject == nil) == (subjectBytes == nil) else { return nil }
    self.init(
      mediaType: mediaType, size: size, subject: subject,
      artifactType: artifactTypeBytes.map { String(decoding: $0, as: UTF8.self) })
  }
}

extension [UInt8] {
  fileprivate mutating func append(bigEndian number: some FixedWidthInteger & UnsignedInteger) {
    Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
  }
}

extension ArraySlice<UInt8> {
  fileprivate mutating func takeBigEndian(bytes width: Int) -> UInt64? {
    guard count >= width else { return nil }
    defer { removeFirst(width) }
    return prefix(width).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Outer `nil`: cut short. Inner `nil`: the field says that there is none.
  fileprivate mutating func takeField() -> [UInt8]?? {
    guard let length = takeBigEndian(bytes: 4) else { return nil }
    if length == UInt64(UInt32.max) { return .some(nil) }
    guard count >= Int(length) else { return nil }
    defer { removeFirst(Int(length)) }
    return .some(Array(prefix(Int(length))))
  }
}
