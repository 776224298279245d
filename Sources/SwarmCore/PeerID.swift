/// A connection with a peer of one torrent, by the number that its engine gave it: no number is given twice.
public struct PeerID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let number: UInt32

  public init(_ number: UInt32) { self.number = number }

  public static func < (one: PeerID, other: PeerID) -> Bool { one.number < other.number }

  public var description: String { "peer \(number)" }
}

/// Microseconds of a clock that does not go back; where it began means nothing.
public typealias SwarmInstant = Int64
