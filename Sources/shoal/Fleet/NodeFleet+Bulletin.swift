import FleetCore
import RegistryCore
import Telemetry

extension NodeFleet {
  /// What this node says of itself, for its members to show to their operators.
  nonisolated var bulletin: @Sendable () async -> Bulletin? {
    { [weak self, catalogue, log] in
      var bulletin = Bulletin()
      do throws(RegistryError) {
        let totals = try await catalogue.linkedTotals()
        bulletin.stock = Stock(blobs: totals.blobs, bytes: totals.bytes)
      } catch {
        log.debug("what is here could not be counted", LogField("error", error.description))
      }
      bulletin.certificateEnd = self?.certificateEnd
      return bulletin
    }
  }

  nonisolated private var certificateEnd: Int64? { current.map { certificateAge($0).end } }
}
