/// A statement of one writer about a name. Names are claims from the first day: the current state is derived from the
/// log, history is read from it, and a fleet adds signatures to it rather than another schema.
public struct Claim: Hashable, Sendable {
  public let writer: WriterID
  /// Rises by one with each claim of the writer, from 1.
  public let sequence: Int64
  public let clock: HybridTime
  public let statement: Statement

  public init(writer: WriterID, sequence: Int64, clock: HybridTime, statement: Statement) {
    self.writer = writer
    self.sequence = sequence
    self.clock = clock
    self.statement = statement
  }

  public enum Statement: Hashable, Sendable {
    case manifest(RepositoryName, Digest, Manifest)
    /// A tag names a manifest of its repository, or nothing any more.
    case tag(RepositoryName, Tag, Digest?)
  }

  public enum Manifest: Hashable, Sendable {
    case present(ManifestFacts)
    case gone
  }
}

/// Who writes: a node, in one life of its catalogue. A catalogue that was lost and rebuilt is a new epoch, so that no
/// sequence number is ever used twice.
public struct WriterID: Hashable, Sendable {
  public let node: NodeID
  public let epoch: Int64

  public init(node: NodeID, epoch: Int64) {
    self.node = node
    self.epoch = epoch
  }
}

/// SHA-256 of a node's public key.
public struct NodeID: Hashable, Sendable, CustomStringConvertible {
  public static let byteCount = 32

  public let bytes: [UInt8]

  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  public var description: String { Hex.encode(bytes) }
}

/// Wall clock and counter in one number (48 bits of milliseconds, 16 of counter): later claims compare greater, also
/// within a millisecond and when the wall clock steps back.
public struct HybridTime: Hashable, Sendable, Comparable {
  public let rawValue: Int64

  public init(rawValue: Int64) { self.rawValue = rawValue }

  public init(milliseconds: Int64) { rawValue = milliseconds << 16 }

  public var milliseconds: Int64 { rawValue >> 16 }

  public static func < (left: HybridTime, right: HybridTime) -> Bool { left.rawValue < right.rawValue }

  /// The first time after this one that is not before the wall clock.
  public func next(wallClockMilliseconds now: Int64) -> HybridTime {
    HybridTime(rawValue: max(rawValue + 1, HybridTime(milliseconds: now).rawValue))
  }
}
