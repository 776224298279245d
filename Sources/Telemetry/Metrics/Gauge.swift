import Synchronization

/// A number that rises and falls.
public final class Gauge: Sendable {
  private let amount = Atomic<Int64>(0)

  public init() {}
  public func set(_ value: Int64) { amount.store(value, ordering: .relaxed) }
  public func add(_ change: Int64) { amount.add(change, ordering: .relaxed) }
  public var value: Int64 { amount.load(ordering: .relaxed) }
}
