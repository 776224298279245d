import Configuration
import FleetCore
import FleetHTTP
import FleetService
import RegistryCore
import RegistryHTTP
import RegistryService

/// What a member keeps for its fleet.
extension NodeFleet {
  /// `nil`: nothing here fetches blobs.
  func keeper(beside channel: FleetChannel) -> KeeperDesk? {
    guard let registry, registry.fetches != nil else { return nil }
    let start = ContinuousClock.now
    return KeeperDesk(
      KeeperPorts(
        images: catalogue, claims: catalogue, hands: RegistryHands(registry: registry), peers: channel,
        circle: { [weak self] in self?.keeperCircle }, clock: clock,
        monotonic: { start.duration(to: .now).milliseconds }, log: log, meter: keepMeter), KeeperRules(keep))
  }

  /// Who is about to leave keeps nothing more.
  nonisolated private var keeperCircle: KeeperCircle? {
    guard !isLeaving, let view = current?.desk.current else { return nil }
    return KeeperCircle(view)
  }

  nonisolated func waitUntilKept(_ images: [ImageName]) async throws(RegistryError) {
    guard push.acknowledgement == .replicated, let keeper = current?.keeper else { return }
    guard !isLeaving else {
      throw RegistryError(.unavailable, "this node is leaving its fleet; push to another member")
    }
    try await keeper.confirm(images, within: push.patience)
  }

  nonisolated func keepers(
    of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> KeepersDocument? {
    guard let seat = current, let keeper = seat.keeper else { return nil }
    guard let found = try await keeper.keepers(of: ImageName(digest, in: repository)) else { return nil }
    let view = seat.desk.current
    return KeepersDocument(replicas: found.replicas, keepers: found.keepers.map { view.title(of: $0) }.sorted())
  }

  nonisolated func keeping(_ seat: Seat) async throws(RegistryError) -> KeepingDocument? {
    guard seat.keeper != nil else { return nil }
    let totals = try await catalogue.keptTotals()
    return KeepingDocument(
      images: totals.images, lacking: totals.lacking, broughtImages: keepMeter.images.value,
      broughtBytes: keepMeter.bytes.value, failures: keepMeter.failures.value)
  }
}

/// The registry's verbs, as a keeper uses them.
struct RegistryHands: KeeperHands {
  let registry: Registry

  func lacking(of name: ImageName) async throws(RegistryError) -> [Digest] {
    try await registry.lacking(of: name.digest, in: name.repository)
  }

  func bring(_ part: Digest, of name: ImageName) async throws(RegistryError) -> Int64 {
    try await registry.bring(part, of: name)
  }
}

extension KeeperRules {
  init(_ keep: Settings.Keep) {
    self.init()
    (patience, repairBytesPerSecond) = (keep.patience.milliseconds, Int64(keep.rateBytes))
  }
}

extension Duration {
  fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
