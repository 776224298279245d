import FleetCore
import RegistryCore

/// Who was found to have what, for a while, and who is being looked for.
struct LocateFinds: Sendable {
  typealias Waiter = UnsafeContinuation<[Holder], Never>

  private struct Find: Sendable {
    var holders: [Holder]
    let until: Int64
  }

  /// A page of an image is pulled within so long of another.
  static let milliseconds: Int64 = 30_000
  /// Beyond it all are forgotten: that costs questions.
  static let limit = 8192

  private var finds: [Digest: Find] = [:]
  private var waiters: [Digest: [Waiter]] = [:]

  func holders(of digest: Digest, at now: Int64) -> [Holder]? {
    finds[digest].flatMap { $0.until > now ? $0.holders : nil }
  }

  func isSought(_ digest: Digest) -> Bool { waiters[digest] != nil }

  mutating func seek(_ digests: [Digest]) { for digest in digests { waiters[digest] = [] } }

  /// Somebody looks for it already.
  mutating func wait(for digest: Digest, _ waiter: Waiter) { waiters[digest]?.append(waiter) }

  mutating func found(_ digest: Digest, _ holders: [Holder], at now: Int64) -> [Waiter] {
    if finds.count >= Self.limit { finds = [:] }
    let known = self.holders(of: digest, at: now) ?? []
    let new = holders.filter { !known.contains($0) }
    finds[digest] = Find(holders: Array((known + new).prefix(LocateAnswer.holderLimit)), until: now + Self.milliseconds)
    return over(digest)
  }

  /// Nobody looks for it any more.
  mutating func over(_ digest: Digest) -> [Waiter] { waiters.removeValue(forKey: digest) ?? [] }

  mutating func forget(_ digest: Digest) { finds[digest] = nil }
}
