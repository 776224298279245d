/// The wall clock, as a port, so that a test can hold it.
public protocol WallClock: Sendable {
  var millisecondsSince1970: Int64 { get }
}

/// Unpredictable bytes, as a port, so that a test can know them.
public protocol Chance: Sendable {
  func bytes(_ count: Int) -> [UInt8]
}
