import Synchronization

/// A number that only rises.
public final class Counter: Sendable {
  private let count = Atomic<Int64>(0)

  public init() {}
  public func add(_ amount: Int64 = 1) { count.add(amount, ordering: .relaxed) }
  public var value: Int64 { count.load(ordering: .relaxed) }
}
