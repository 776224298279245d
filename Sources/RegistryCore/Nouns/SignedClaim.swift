/// A claim as it is signed, chained and carried from member to member.
///
/// It also holds what this release cannot read: a kind of claim that a later release writes is kept and handed on unread.
public struct SignedClaim: Hashable, Sendable {
  public struct Body: Hashable, Sendable {
    public let writer: WriterID
    /// Rises by one with each claim of the writer, from 1.
    public let sequence: Int64
    public let clock: HybridTime
    public let kind: ClaimKind
    public let repository: RepositoryName
    /// What is spoken of: a manifest's digest, a tag.
    public let key: [UInt8]
    /// What is said of it; `nil`: it is gone.
    public let value: [UInt8]?
    /// The claim before it of the same writer; of the first one the root of the writer's chain.
    public let previous: ClaimHash

    public init(
      writer: WriterID, sequence: Int64, clock: HybridTime, kind: ClaimKind, repository: RepositoryName,
      key: [UInt8], value: [UInt8]?, previous: ClaimHash
    ) {
      (self.writer, self.sequence, self.clock) = (writer, sequence, clock)
      (self.kind, self.repository, self.key, self.value) = (kind, repository, key, value)
      self.previous = previous
    }
  }

  public static let signatureByteCount = 64

  public let body: Body
  /// The writer's, over `body.signedBytes`.
  public let signature: [UInt8]

  /// `nil`: a signature has 64 bytes.
  public init?(_ body: Body, signature: [UInt8]) {
    guard signature.count == Self.signatureByteCount else { return nil }
    self.body = body
    self.signature = signature
  }
}

/// What a claim speaks of. Numbers that this release does not know are kept as they are.
public struct ClaimKind: Hashable, Sendable, RawRepresentable {
  public static let manifest = ClaimKind(rawValue: 1)
  public static let tag = ClaimKind(rawValue: 2)

  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }
}

/// SHA-256 over a claim with its signature, which the writer's next claim names: so nobody between can leave one out,
/// change one or change its signature.
public struct ClaimHash: Hashable, Sendable, CustomStringConvertible {
  public static let byteCount = 32

  public let bytes: [UInt8]

  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  public var description: String { Hex.encode(bytes) }
}

/// Where a writer's log ends: its last claim, or the root of its chain while there is none (sequence 0).
public struct ClaimHead: Hashable, Sendable {
  public let sequence: Int64
  public let hash: ClaimHash

  public init(sequence: Int64, hash: ClaimHash) {
    self.sequence = sequence
    self.hash = hash
  }
}

/// A fleet: SHA-256 of the public key that its certificates and records are signed with. A node alone is in none.
public struct FleetID: Hashable, Sendable, CustomStringConvertible {
  public static let byteCount = 32
  /// Of a node that is alone.
  public static let none = FleetID(unchecked: [UInt8](repeating: 0, count: byteCount))

  public let bytes: [UInt8]

  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

  public var description: String { Hex.encode(bytes) }
}
