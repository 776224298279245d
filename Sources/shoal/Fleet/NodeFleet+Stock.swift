import FleetCore
import RegistryCore
import Telemetry

extension NodeFleet {
  /// What this node holds, for its members to show to their operators.
  nonisolated var stock: @Sendable () async -> Stock? {
    { [catalogue, log] in
      do throws(RegistryError) {
        let totals = try await catalogue.linkedTotals()
        return Stock(blobs: totals.blobs, bytes: totals.bytes)
      } catch {
        log.debug("what is here could not be counted", LogField("error", error.description))
        return nil
      }
    }
  }
}
