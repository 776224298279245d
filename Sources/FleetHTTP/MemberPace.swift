import BlockingWork
import FleetCore
import RegistryCore

/// How often each member may ask for what costs this node more than an answer.
final class MemberPace: Sendable {
  /// What a member may ask at once, and after how long it may ask once more.
  let burst: Int64
  let milliseconds: Int64

  /// How many members are remembered before those are forgotten who may ask freely.
  static let memberLimit = 1024

  private let buckets = Lock<[NodeID: TokenBucket]>([:])
  private let start = ContinuousClock.now

  init(burst: Int64, milliseconds: Int64) { (self.burst, self.milliseconds) = (burst, milliseconds) }

  /// Takes a member's turn. `nil`: it has one; else in how many whole seconds it has.
  func secondsUntilTurn(of member: NodeID) -> Int64? {
    let since = start.duration(to: .now).components
    return secondsUntilTurn(of: member, at: since.seconds * 1000 + since.attoseconds / 1_000_000_000_000_000)
  }

  /// - Parameter now: in milliseconds.
  func secondsUntilTurn(of member: NodeID, at now: Int64) -> Int64? {
    buckets.withLock { buckets in
      var bucket = buckets[member] ?? TokenBucket()
      let wait = bucket.wait(burst: burst, each: milliseconds, at: now)
      guard wait == 0 else { return (wait + 999) / 1000 }
      if buckets.count >= Self.memberLimit { buckets = buckets.filter { $0.value.fullAt > now } }
      bucket.take(each: milliseconds, at: now)
      buckets[member] = bucket
      return nil
    }
  }
}
