import RegistryCore

/// What one member has been told, and what it is still to be told. One batch is under way at a time: while it is not
/// answered, the same batch is said again, so that it counts once.
struct AnnounceDesk: Sendable {
  private var session: Int64 = 0
  /// Of the last batch that was answered.
  private var number: Int64 = 0
  /// In the order in which it came; `waiting` holds what is still true of it.
  private var queue: [Digest] = []
  private var waiting: [Digest: Holding?] = [:]
  private var underWay: LeaseBatch?
  private var isUnderWay = false
  private var failures: Int64 = 0
  private(set) var nextAt: Int64 = 0

  /// Begins anew: the member knows nothing.
  init(session: Int64) { self.session = session }

  var isIdle: Bool { waiting.isEmpty && underWay == nil && number == 0 }

  mutating func change(_ digest: Digest, _ holding: Holding?, at now: Int64) {
    if waiting.updateValue(holding, forKey: digest) == nil { queue.append(digest) }
    if failures == 0 { nextAt = min(nextAt, now) }
  }

  /// The next batch, when it is time for one.
  mutating func next(zone: Zone?, at now: Int64, _ limits: LeaseLimits) -> LeaseBatch? {
    guard !isUnderWay, now >= nextAt, !isIdle else { return nil }
    let batch = underWay ?? compose(zone)
    (underWay, isUnderWay) = (batch, batch != nil)
    return batch
  }

  private mutating func compose(_ zone: Zone?) -> LeaseBatch? {
    let digests = queue.prefix(LeaseBatch.changeLimit)
    let changes = digests.compactMap { digest in
      waiting.removeValue(forKey: digest).map { LeaseBatch.Change(digest, $0) }
    }
    queue.removeFirst(digests.count)
    return LeaseBatch(
      session: session, number: changes.isEmpty ? number : number + 1, zone: zone, changes: changes)
  }

  /// - Returns: the member wants to be told all: give it a new desk.
  mutating func take(_ receipt: LeaseReceipt, at now: Int64, _ limits: LeaseLimits) -> Bool {
    guard let batch = underWay else { return false }
    (underWay, isUnderWay, failures) = (nil, false, 0)
    number = batch.number
    nextAt = waiting.isEmpty ? now + limits.renewalMilliseconds : now
    return receipt == .tellAll
  }

  mutating func failed(at now: Int64, _ limits: LeaseLimits) {
    isUnderWay = false
    nextAt = now + min(limits.retryMilliseconds << min(failures, 16), limits.renewalMilliseconds)
    failures += 1
  }
}
