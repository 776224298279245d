import RegistryService
import Telemetry

/// What a node does from time to time while it serves.
final class Housekeeping: Sendable {
  private let task: Task<Void, Never>

  private static let interval = Duration.seconds(600)

  init(_ registry: Registry, log: Logger) {
    // Unstructured: it lives as long as the node and is cancelled by `stop`.
    task = Task {
      while !Task.isCancelled {
        await Self.sweepUploads(registry, log)
        // A cancelled sleep ends the loop by its condition.
        try? await Task.sleep(for: Self.interval)
      }
    }
  }

  func stop() {
    let task = task
    task.cancel()
    waitFor { await task.value }
  }

  private static func sweepUploads(_ registry: Registry, _ log: Logger) async {
    do {
      let count = try await registry.uploads.sweep()
      if count > 0 { log.info("dropped uploads that nobody went on with", LogField("count", count)) }
    } catch {
      log.error("expired uploads could not be swept", LogField("error", "\(error)"))
    }
  }
}
