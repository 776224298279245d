import RegistryCore

/// Who has what, as members told the one that ranks high for it. In memory only: whoever starts anew is told anew.
///
/// What a member told holds for a minute after its last batch. Everything is bounded; where there is too much, the member
/// with the most gives up its oldest, so nobody can push out what others told.
public struct LeaseBook: Sendable {
  struct Seat: Sendable {
    let page: Int32
    let holding: Holding
  }

  public var limits: LeaseLimits
  /// By place; those that are free are `nil`.
  private(set) var pages: [LeasePage?] = []
  private var places: [NodeID: Int] = [:]
  private var free: [Int] = []
  private(set) var seats: [BlobKey: [Seat]] = [:]
  /// Every zone that was told; the first stands for none.
  private(set) var zones: [Zone?] = [nil]
  private var zonePlaces: [Zone: Int] = [:]
  /// Leases of all members.
  public private(set) var count = 0

  public init(limits: LeaseLimits = LeaseLimits()) { self.limits = limits }

  /// Whether some member told of it, lately or not.
  public func hasLease(of digest: Digest) -> Bool { seats[BlobKey(digest)] != nil }

  /// How many members' leases are here.
  public var memberCount: Int { places.count }

  /// - Parameter node: who tells, as the channel knows it.
  public mutating func take(_ batch: LeaseBatch, from node: NodeID, at now: Int64) -> LeaseReceipt {
    guard let place = place(of: node, for: batch, at: now), var page = pages[place] else { return .tellAll }
    // Taken out while it is written, so that it is not copied.
    pages[place] = nil
    page.until = now + limits.leaseMilliseconds
    page.zone = zonePlace(batch.zone)
    if batch.number > page.number {
      page.number = batch.number
      for change in batch.changes { apply(change, to: &page, at: place) }
      while page.count > limits.leasesOfMember { evictOldest(of: &page, at: place) }
    }
    pages[place] = page
    while count > limits.leases { shrinkLargest() }
    return .kept
  }

  /// Forgets a member at once: it was removed, or says that it stops.
  public mutating func forget(_ node: NodeID) {
    guard let place = places.removeValue(forKey: node) else { return }
    for key in pages[place]?.keys.map(\.self) ?? [] { leave(key, place) }
    pages[place] = nil
    free.append(place)
  }

  /// Forgets who has not been heard for the length of a lease. To be called every few seconds.
  public mutating func expire(at now: Int64) {
    for page in pages { if let page, page.until <= now { forget(page.node) } }
  }
}

extension LeaseBook {
  /// Where the member's leases stand; a new page for the beginning of a session, `nil` when its beginning is not here.
  private mutating func place(of node: NodeID, for batch: LeaseBatch, at now: Int64) -> Int? {
    if let place = places[node], let page = pages[place], page.session == batch.session, page.until > now {
      // The same number again: its receipt was lost, or there was nothing to change.
      return batch.number == page.number || batch.number == page.number + 1 ? place : nil
    }
    guard batch.number == 1 else { return nil }
    forget(node)
    if places.count >= limits.members { expire(at: now) }
    guard places.count < limits.members else { return nil }
    let page = LeasePage(node: node, zone: 0, session: batch.session, until: now)
    if let place = free.popLast() {
      pages[place] = page
      places[node] = place
    } else {
      pages.append(page)
      places[node] = pages.count - 1
    }
    return places[node]
  }

  private mutating func zonePlace(_ zone: Zone?) -> Int {
    guard let zone else { return 0 }
    if let place = zonePlaces[zone] { return place }
    // Zones come and go with configuration; a member that makes them up stands nowhere.
    guard zones.count < limits.members else { return 0 }
    zones.append(zone)
    zonePlaces[zone] = zones.count - 1
    return zones.count - 1
  }

  private mutating func apply(_ change: LeaseBatch.Change, to page: inout LeasePage, at place: Int) {
    let key = BlobKey(change.digest)
    guard let holding = change.holding else {
      if page.remove(key) { leave(key, place) }
      return
    }
    let before = page.put(key, holding)
    guard before != holding else { return }
    if before != nil { leave(key, place) }
    seats[key, default: []].append(Seat(page: Int32(place), holding: holding))
    count += 1
  }

  private mutating func leave(_ key: BlobKey, _ place: Int) {
    guard let index = seats[key]?.firstIndex(where: { $0.page == place }) else { return }
    seats[key]?.remove(at: index)
    if seats[key]?.isEmpty == true { seats[key] = nil }
    count -= 1
  }

  private mutating func evictOldest(of page: inout LeasePage, at place: Int) {
    if let key = page.removeOldest() { leave(key, place) }
  }

  /// In one go down to the second largest, so that a flood is not paid lease by lease.
  private mutating func shrinkLargest() {
    let sizes = pages.indices.map { (pages[$0]?.count ?? 0, $0) }.sorted(by: >)
    guard let (size, place) = sizes.first, var page = pages[place], size > 0 else { return }
    pages[place] = nil
    let second = sizes.count > 1 ? sizes[1].0 : 0
    for _ in 0..<max(1, min(count - limits.leases, size - second)) { evictOldest(of: &page, at: place) }
    pages[place] = page
  }
}
