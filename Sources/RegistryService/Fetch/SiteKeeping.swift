import BlockingWork
import RegistryCore

/// A fetch that keeps to its node's site, until it crosses the line for itself. Any thread.
final class SiteKeeping: Sendable {
  let sites: any FleetSites
  private let hasCrossed = Lock(false)

  init(_ sites: any FleetSites) { self.sites = sites }

  var isNearOnly: Bool { !hasCrossed.withLock { $0 } }

  func cross() { hasCrossed.withLock { $0 = true } }
}
