import RegistryCore

/// Whether two nodes have the same claims, in sixteen bytes: a sum over where each writer's log ends, whatever order they
/// came in. A writer who tries for long may make two of its own logs look alike here; that hides its own fork until
/// anybody meets both, and nothing else.
public struct HeadsDigest: Hashable, Sendable {
  public static let byteCount = 16

  private var first: UInt64 = 0
  private var second: UInt64 = 0

  public init() {}

  public init?(bytes: some Collection<UInt8>) {
    guard bytes.count == Self.byteCount else { return nil }
    first = UInt64(bigEndian: bytes.prefix(8))
    second = UInt64(bigEndian: bytes.suffix(8))
  }

  public var bytes: [UInt8] { first.bigEndianBytes + second.bigEndianBytes }

  mutating func add(_ head: WriterHead) {
    let (one, two) = Self.mix(head)
    first &+= one
    second &+= two
  }

  mutating func subtract(_ head: WriterHead) {
    let (one, two) = Self.mix(head)
    first &-= one
    second &-= two
  }

  private static func mix(_ head: WriterHead) -> (UInt64, UInt64) {
    var mixed = UInt64(bigEndian: head.writer.node.bytes.prefix(8))
    for word in [UInt64(bitPattern: head.writer.epoch), UInt64(bitPattern: head.sequence), head.hash] {
      mixed = (mixed ^ word).scrambled
    }
    return (mixed, (mixed ^ UInt64(bigEndian: head.writer.node.bytes[8..<16])).scrambled)
  }
}

extension UInt64 {
  /// Every bit of the result depends on every bit (the finaliser of SplitMix64).
  var scrambled: UInt64 {
    var mixed = self &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
