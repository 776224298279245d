import BlobStoreDisk
import BlockingWork
import CatalogSQLite
import Configuration
import Glibc
import RegistryCore
import RegistryService
import Telemetry

/// `shoal catalog rebuild`: a new catalogue is made beside the old one and takes its place. Needs the folder to itself.
struct RebuildCommand {
  private let settings: Settings
  private let invocation: Invocation
  private let output: TerminalOutput

  init(settings: Settings, _ invocation: Invocation, _ output: TerminalOutput) {
    self.settings = settings
    self.invocation = invocation
    self.output = output
  }

  func run() throws {
    guard access(settings.data, F_OK) == 0 else {
      throw CommandFailure(.unreachable, "there is no data folder \(settings.data); name the node's with --data DIR")
    }
    let folder: DiskDataFolder
    do throws(RegistryError) {
      folder = try DiskDataFolder.open(settings.data)
    } catch {
      throw CommandFailure(.unreachable, "\(error.message); stop the node first")
    }
    defer { folder.close() }
    try tell(try rebuild(folder))
  }

  private func rebuild(_ folder: DiskDataFolder) throws -> (CatalogRebuildReport, isTagLossKnown: Bool) {
    let salvaged = SQLiteCatalog.salvageTags(path: folder.layout.catalogue)
    let work = BlockingPool(name: "work", threads: 1)
    defer { work.stop() }
    let node = try Node.nodeID(folder.layout)
    let report = try SQLiteCatalog.replacing(path: folder.layout.catalogue, node: node, clock: SystemClock()) { fresh in
      let ports = RegistryPorts(
        blobs: folder.blobs, uploads: folder.uploads, shelf: folder.shelf, names: fresh, catalogue: fresh,
        content: fresh, chance: SystemChance(), clock: SystemClock(), work: work, log: Logger.silent)
      return try waitFor { () async throws(RegistryError) in try await CatalogRebuild(ports).run(tags: salvaged) }
    }
    return (report, !salvaged.isEmpty)
  }

  private func tell(_ outcome: (report: CatalogRebuildReport, isTagLossKnown: Bool)) throws {
    let report = outcome.report
    if invocation.wantsJSON { return try output.json(RebuildDocument(report)) }
    output.line("\(report.repositories) repositories, \(report.manifests) manifests, \(report.tags) tags")
    for image in report.incomplete { output.line("not restored, since its bytes are not all here: \(image)") }
    output.line(
      outcome.isTagLossKnown
        ? "\(report.lostTags) tags were lost, and the history of all"
        : "all tags were lost with the old catalogue; push them again, or set them by digest")
  }
}

private struct RebuildDocument: Encodable {
  let repositories: Int
  let manifests: Int
  let tags: Int
  let lostTags: Int
  let incomplete: [String]

  init(_ report: CatalogRebuildReport) {
    repositories = report.repositories
    manifests = report.manifests
    tags = report.tags
    lostTags = report.lostTags
    incomplete = report.incomplete
  }
}
