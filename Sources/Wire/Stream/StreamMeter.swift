import Synchronization

/// Bytes that splices have moved, as they move. Any thread.
public final class StreamMeter: Sendable {
  private let receivedBytes = Atomic<Int64>(0)
  private let sentBytes = Atomic<Int64>(0)

  public init() {}

  /// Out of streams, into plain sockets.
  public var received: Int64 { receivedBytes.load(ordering: .relaxed) }
  /// Out of plain sockets, into streams.
  public var sent: Int64 { sentBytes.load(ordering: .relaxed) }

  func count(received: Int, sent: Int) {
    if received > 0 { receivedBytes.add(Int64(received), ordering: .relaxed) }
    if sent > 0 { sentBytes.add(Int64(sent), ordering: .relaxed) }
  }
}
