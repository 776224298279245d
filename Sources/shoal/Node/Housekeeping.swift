import CatalogSQLite
import RegistryCore
import RegistryService
import Telemetry

/// What a node does from time to time while it serves.
final class Housekeeping: Sendable {
  private let tasks: [Task<Void, Never>]

  private static let interval = Duration.seconds(600)
  /// What lost stays for weeks, so that a few times a day is often enough.
  private static let shorteningInterval = Duration.seconds(6 * 60 * 60)

  init(_ node: Node, log: Logger) {
    let (registry, catalogue, fleet) = (node.registry, node.catalogue, node.fleet)
    // Unstructured: they live as long as the node and are cancelled by `stop`.
    tasks = [
      Task { await Self.every(Self.interval) { await Self.sweepUploads(registry, log) } },
      Task {
        await Self.every(Self.shorteningInterval, first: Self.interval) {
          await Self.shorten(catalogue, fleet, log)
        }
      },
    ]
  }

  func stop() {
    for task in tasks { task.cancel() }
    waitFor { for task in self.tasks { await task.value } }
  }

  /// Until it is cancelled.
  private static func every(_ interval: Duration, first: Duration = .zero, _ body: () async -> Void) async {
    var pause = first
    while !Task.isCancelled {
      // A cancelled sleep ends the loop by its condition.
      if pause > .zero { try? await Task.sleep(for: pause) }
      if !Task.isCancelled { await body() }
      pause = interval
    }
  }

  private static func sweepUploads(_ registry: Registry, _ log: Logger) async {
    do {
      let count = try await registry.uploads.sweep()
      if count > 0 { log.info("dropped uploads that nobody went on with", LogField("count", count)) }
    } catch {
      log.error("expired uploads could not be swept", LogField("error", "\(error)"))
    }
  }

  private static func shorten(_ catalogue: SQLiteCatalog, _ fleet: NodeFleet, _ log: Logger) async {
    do throws(RegistryError) {
      let count = try await fleet.shorten(catalogue)
      if count > 0 { log.info("dropped claims that lost long ago", LogField("count", count)) }
    } catch {
      if Task.isCancelled { return }
      log.error("the log of claims could not be shortened", LogField("error", error.description))
    }
  }
}
