import BlobStoreDisk
import BlockingWork
import CatalogSQLite
import Configuration
import FleetCore
import FleetService
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
      throw CommandFailure(.unreachable, error.message)
    }
    defer { folder.close() }
    try tell(try rebuild(folder))
  }

  private struct Outcome {
    let report: RestorationReport
    let salvage: Salvage
    /// Where the old catalogue is kept.
    let old: String?
    /// The names come from the other members of its fleet.
    let isLinking: Bool
  }

  private func rebuild(_ folder: DiskDataFolder) throws -> Outcome {
    let notary = try Node.notary(folder.layout)
    let papers = try FleetFiles(settings.fleet, folder.layout).load()
    let rebuild = try CatalogRebuild.begin(
      path: folder.layout.catalogue, node: notary.node, notary: notary, clock: SystemClock(),
      fleet: papers?.fleet(FleetKeys(notary.key)))
    let isLinking = papers.map { !$0.isOnly(FleetKeys(notary.key), by: rebuild.salvage.statements) } ?? false
    let work = BlockingPool(name: "work", threads: 1)
    defer { work.stop() }
    let fresh = rebuild.catalog
    let ports = RegistryPorts(
      blobs: folder.blobs, uploads: folder.uploads, shelf: folder.shelf, names: fresh, catalogue: fresh,
      content: fresh, unread: fresh, tickets: fresh, wishes: fresh, chance: SystemChance(), clock: SystemClock(),
      work: work, log: Logger.silent)
    // One after the other: the thread that made the display waits below.
    let display = Lock(ProgressDisplay(output))
    defer { display.withLock { $0.end() } }
    let isShown = !invocation.wantsJSON
    return try waitFor { () async throws(RegistryError) in
      do throws(RegistryError) {
        let report = try await NameRestoration(ports, isNaming: !isLinking).run(tags: rebuild.salvage.tags) { report in
          guard isShown else { return }
          display.withLock { display in
            display.show(
              Progress(
                title: "manifests", done: Int64(report.manifests), unit: .things,
                note: "\(report.repositories) repositories"))
          }
        }
        return Outcome(
          report: report, salvage: rebuild.salvage, old: try await rebuild.finish(), isLinking: isLinking)
      } catch {
        try await rebuild.abandon()
        throw error
      }
    }
  }

  private func tell(_ outcome: Outcome) throws {
    let report = outcome.report
    if invocation.wantsJSON {
      try output.json(RebuildDocument(report, old: outcome.old, isLinking: outcome.isLinking))
    } else {
      show(outcome)
    }
    guard report.unreadable.isEmpty else { throw CommandFailure(.failure, "") }
  }

  private func show(_ outcome: Outcome) {
    let report = outcome.report
    guard !outcome.isLinking else { return showLinks(outcome) }
    output.line("\(report.repositories) repositories, \(report.manifests) manifests, \(report.tags) tags")
    for image in report.incomplete { output.line("push again, since a blob of it is not here: \(image)") }
    for image in report.unreadable { output.line("lost, since its own bytes are gone or rotten: \(image)") }
    if let old = outcome.old { output.line("the old catalogue is kept as \(old)") }
    output.line(
      outcome.salvage.failure == nil
        ? "lost: the history of tags, and \(report.lostTags) tags whose manifests are not on disk"
        : "lost: the history of tags, and the tags that the old catalogue could not tell; push or set them again")
  }
}

extension RebuildCommand {
  /// What a member says anew might bring back what its fleet has deleted or moved, so it says nothing.
  private func showLinks(_ outcome: Outcome) {
    let report = outcome.report
    output.line("\(report.manifests) manifests and their blobs are found again in \(report.repositories) repositories")
    for image in report.unreadable { output.line("lost, since its own bytes are gone or rotten: \(image)") }
    if let old = outcome.old { output.line("the old catalogue is kept as \(old)") }
    output.line("this node belongs to a fleet: start it, and names and tags come from the other members")
    if outcome.salvage.statements.isEmpty {
      output.line(
        "who they are could not be read: start the node, and join again with a new invitation (shoal fleet join)")
    }
    output.line("lost: names that no other member has heard of; push those images again")
  }
}

private struct RebuildDocument: Encodable {
  let repositories: Int
  let manifests: Int
  let tags: Int
  let lostTags: Int
  let incomplete: [String]
  let unreadable: [String]
  /// Where the old catalogue is kept.
  let old: String?
  /// Nothing was named: the other members of the node's fleet tell the names.
  let linkedOnly: Bool

  init(_ report: RestorationReport, old: String?, isLinking: Bool) {
    (self.old, linkedOnly) = (old, isLinking)
    unreadable = report.unreadable
    repositories = report.repositories
    manifests = report.manifests
    tags = report.tags
    lostTags = report.lostTags
    incomplete = report.incomplete
  }
}
