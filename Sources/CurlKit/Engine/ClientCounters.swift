import Synchronization

/// What a client's connections came to. Any thread.
final class ClientCounters: Sendable {
  let open = Atomic<Int>(0)
  let opened = Atomic<Int>(0)
}

/// `ClientCounters` at one moment.
public struct HTTPClientStatistics: Sendable, Hashable {
  /// Used or resting.
  public let openConnections: Int
  /// Since the start.
  public let openedConnections: Int
}
