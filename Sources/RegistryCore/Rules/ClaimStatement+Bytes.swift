/// What a claim says, as the key and the value that a signature can stand over: the same statement always gives the same
/// bytes, and no other bytes are read as it.
///
///     tag       key = the tag             value = digest
///     manifest  key = digest              value = version size mediaType subject artifactType
///
///     digest  = the algorithm's multihash code (sha256 %x12, sha512 %x13) and the hash
///     version = %x01                      size = 8 bytes, big-endian
///     each field of a value = its length in 4 bytes, big-endian, and its bytes; the length FFFFFFFF: there is none
///
/// Without a value: gone.
extension Claim.Statement {
  public var repository: RepositoryName {
    switch self {
    case .manifest(let repository, _, _), .tag(let repository, _, _): repository
    }
  }

  public var kind: ClaimKind {
    switch self {
    case .manifest: .manifest
    case .tag: .tag
    }
  }

  public var key: [UInt8] {
    switch self {
    case .manifest(_, let digest, _): digest.multihash
    case .tag(_, let tag, _): Array(tag.text.utf8)
    }
  }

  public var value: [UInt8]? {
    switch self {
    case .manifest(_, _, .present(let facts)): facts.claimValue
    case .manifest(_, _, .gone): nil
    case .tag(_, _, let digest): digest?.multihash
    }
  }

  public var name: ClaimedName { ClaimedName(repository: repository, kind: kind, key: key) }

  /// `nil`: a kind that this release does not know, or not the one spelling of a statement. Such a claim is kept and
  /// handed on, and says nothing about any name.
  public init?(_ name: ClaimedName, value: [UInt8]?) {
    switch name.kind {
    case .manifest:
      guard let digest = Digest(multihash: name.key) else { return nil }
      guard let value else {
        self = .manifest(name.repository, digest, .gone)
        return
      }
      guard let facts = ManifestFacts(claimValue: value) else { return nil }
      self = .manifest(name.repository, digest, .present(facts))
    case .tag:
      guard let text = String(validating: name.key, as: UTF8.self), let tag = try? Tag(parsing: text) else {
        return nil
      }
      let digest = value.flatMap { Digest(multihash: $0) }
      guard (digest == nil) == (value == nil) else { return nil }
      self = .tag(name.repository, tag, digest)
    default: return nil
    }
  }
}

extension ClaimKind {
  /// Whether this release reads what is said under it.
  public var isRead: Bool { self == .manifest || self == .tag }
}

extension SignedClaim.Body {
  public var name: ClaimedName { ClaimedName(repository: repository, kind: kind, key: key) }
}

extension NameCandidate {
  public init(_ claim: SignedClaim.Body) {
    self.init(writer: claim.writer, sequence: claim.sequence, clock: claim.clock, isGone: claim.value == nil)
  }
}

extension Digest {
  /// The algorithm's multihash code and the hash: the order of these bytes is the order of digests.
  public var multihash: [UInt8] { [algorithm.multihashCode] + hash }

  public init?(multihash: [UInt8]) {
    guard let code = multihash.first, let algorithm = Algorithm(multihashCode: code),
      multihash.count == 1 + algorithm.byteCount
    else { return nil }
    self.init(algorithm: algorithm, hash: Array(multihash.dropFirst()))
  }
}

extension Digest.Algorithm {
  fileprivate var multihashCode: UInt8 {
    switch self {
    case .sha256: 0x12
    case .sha512: 0x13
    }
  }

  fileprivate init?(multihashCode: UInt8) {
    switch multihashCode {
    case 0x12: self = .sha256
    case 0x13: self = .sha512
    default: return nil
    }
  }
}

extension ManifestFacts {
  private static let version: UInt8 = 1
  private static let none = UInt32.max

  /// What a claim can carry. A media type, which an artifact's type must be (image-spec, artifacts-guidance.md), has at
  /// most 255 bytes.
  public static let artifactTypeByteLimit = 1_024

  var claimValue: [UInt8] {
    var bytes = [Self.version]
    bytes.append(bigEndian: UInt64(size))
    for field in [Array(mediaType.text.utf8), subject?.multihash, artifactType.map { Array($0.utf8) }] {
      bytes.append(bigEndian: field.map { UInt32($0.count) } ?? Self.none)
      bytes.append(contentsOf: field ?? [])
    }
    return bytes
  }

  init?(claimValue: [UInt8]) {
    var rest = claimValue[...]
    guard rest.popFirst() == Self.version, let size = rest.takeBigEndian(bytes: 8).flatMap(Int.init(exactly:)),
      let mediaTypeField = rest.takeField(), let mediaTypeBytes = mediaTypeField,
      let subjectField = rest.takeField(), let artifactTypeField = rest.takeField(), rest.isEmpty,
      let mediaTypeText = String(validating: mediaTypeBytes, as: UTF8.self),
      let mediaType = MediaType(parsing: mediaTypeText), mediaType.text == mediaTypeText
    else { return nil }
    let subject = subjectField.flatMap { Digest(multihash: $0) }
    let artifactType = artifactTypeField.flatMap { String(validating: $0, as: UTF8.self) }
    guard (subject == nil) == (subjectField == nil), (artifactType == nil) == (artifactTypeField == nil) else {
      return nil
    }
    self.init(mediaType: mediaType, size: size, subject: subject, artifactType: artifactType)
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
