import BlobStoreDisk
import Configuration
import Glibc

/// From a parsed line to an exit code. What a command says goes to `output`.
struct RunCommand {
  let invocation: Invocation
  let environment: [String: String]
  let output: TerminalOutput

  func run() -> ExitCode {
    do {
      try withoutRegistry().perform()
      return .success
    } catch let error as UsageError {
      output.error("\(error)\nTry: shoal \(invocation.command.name) --help")
      return .usage
    } catch let error as ConfigurationError {
      output.error("the configuration is wrong:\n\(error)")
      return .configuration
    } catch let failure as CommandFailure {
      if !failure.message.isEmpty { output.error(failure.message) }
      return failure.code
    } catch {
      output.error(error.shown)
      return .failure
    }
  }

  private func withoutRegistry() throws(ConfigurationError) -> RunCommand {
    guard invocation.mayNameRegistry else { return self }
    let settings = try settings()
    let names = settings.names + ControlSession.names(settings)
    return RunCommand(invocation: invocation.withoutRegistry(names), environment: environment, output: output)
  }

  private func perform() throws {
    switch invocation.verb {
    case .serve: try serve()
    case .checkConfiguration: try checkConfiguration()
    case .version: try version()
    case .listImages: try asking { try ImageCommands($0, invocation, output).list() }
    case .listTags: try asking { try ImageCommands($0, invocation, output).tags() }
    case .inspectImage: try asking { try ImageCommands($0, invocation, output).inspect() }
    case .removeImage: try asking { try ImageCommands($0, invocation, output).remove() }
    case .tagHistory: try asking { try TagCommands($0, invocation, output).history() }
    case .rollbackTag: try asking { try TagCommands($0, invocation, output).rollback() }
    case .verifyBlobs: try asking { try VerifyCommand($0, invocation, output).run() }
    case .rebuildCatalog: try RebuildCommand(settings: try settings(), invocation, output).run()
    case .magnet: try asking { try MagnetCommand($0, invocation, output).run() }
    case .listTorrents: try asking { try TorrentCommands($0, invocation, output).list() }
    case .showTorrent: try asking { try TorrentCommands($0, invocation, output).show() }
    case .startTorrent: try asking { try TorrentCommands($0, invocation, output).start() }
    case .stopTorrent: try asking { try TorrentCommands($0, invocation, output).stop() }
    case .restTorrent: try asking { try TorrentCommands($0, invocation, output).rest() }
    case .verifyTorrent: try asking { try TorrentCommands($0, invocation, output).verify() }
    case .fetchBlob: try asking { try FetchCommand($0, invocation, output).run() }
    case .cancelFetch: try asking { try FetchCommand($0, invocation, output).cancel() }
    case .status: try asking { try StatusCommand($0, invocation, output).run() }
    case .foundFleet:
      try asking(makes: true) {
        let settings = try settings()
        let files = FleetFiles(settings.fleet, DiskLayout(root: settings.data))
        try FleetCommands($0, invocation, output).found(
          recovery: files.layout.fleetRecovery, isMember: files.arePapersHere)
      }
    case .inviteToFleet: try asking { try FleetCommands($0, invocation, output).invite() }
    case .joinFleet: try asking { try FleetCommands($0, invocation, output).join() }
    case .listFleet: try asking { try FleetCommands($0, invocation, output).list() }
    case .removeMember: try asking { try MemberCommands($0, invocation, output).remove() }
    case .leaveFleet: try asking { try MemberCommands($0, invocation, output).leave() }
    case .showPolicy: try asking { try PolicyCommands($0, invocation, output).show() }
    case .setPolicy: try asking { try PolicyCommands($0, invocation, output).set() }
    case .promoteMember: try asking { try IssuerCommands($0, invocation, output).promote() }
    case .demoteMember: try asking { try IssuerCommands($0, invocation, output).demote() }
    case .writeRecoveryFile: try asking { try IssuerCommands($0, invocation, output).writeRecoveryFile() }
    case .recoverFleet: try asking { try IssuerCommands($0, invocation, output).recover() }
    case .resolveMagnet: try ResolveMagnetCommand(invocation).run()
    case .document: try document()
    case .help: preconditionFailure("help is printed where lines are parsed")
    }
  }

  private func settings() throws(ConfigurationError) -> Settings {
    try Settings.load(
      file: invocation.configurationFile, environment: environment, flags: invocation.settingFlags)
  }

  private func asking(makes: Bool = false, _ body: (ControlSession) throws -> Void) throws {
    try checkReference()
    let session = try ControlSession.open(try settings(), makes: makes)
    defer { session.close() }
    try body(session)
  }

  /// A line that is wrong is wrong whether or not there is a folder, so it is read before one is touched.
  private func checkReference() throws(UsageError) {
    switch invocation.verb {
    case .inspectImage, .removeImage, .magnet: _ = try ImageArgument(parsing: invocation.argument)
    case .tagHistory, .rollbackTag: _ = try ImageArgument(parsing: invocation.argument).tag()
    case .showTorrent, .startTorrent, .stopTorrent, .restTorrent, .verifyTorrent:
      _ = try BlobOrImageArgument(parsing: invocation.argument)
    case .fetchBlob: _ = try FetchCommand.Order(invocation)
    case .cancelFetch: _ = try FetchCommand.digest(invocation.argument)
    default: return
    }
  }

  private func serve() throws {
    // Before the first thread: threads inherit the mask. Other commands are ended by signals as any program is.
    Signals.hold()
    let code = Serve(settings: try settings(), environment: environment).run()
    // The reason stands in the log already.
    guard code == .success else { throw CommandFailure(code, "") }
  }

  private func checkConfiguration() throws {
    let report = Configuration.checkConfiguration(invocation.arguments)
    if invocation.wantsJSON {
      try output.json(report.files.map(CheckedFile.init))
    } else {
      for file in report.files {
        if let error = file.error { output.error("\(error)") } else { output.line("\(file.path): sound") }
      }
    }
    guard report.isSound else { throw CommandFailure(.configuration, "") }
  }

  private func version() throws {
    if invocation.wantsJSON { try output.json(["version": shoalVersion]) } else { output.line("shoal \(shoalVersion)") }
  }

  private func document() throws {
    switch invocation.argument {
    case "example": output.text(ConfigurationPages.exampleFile)
    case "page": output.text(ConfigurationPages.page)
    default: throw UsageError("there is no document '\(invocation.argument)'", advice: "write example or page")
    }
  }
}

private struct CheckedFile: Encodable {
  let file: String
  let isSound: Bool
  let problems: [String]

  init(_ checked: ConfigurationReport.File) {
    file = checked.path
    isSound = checked.error == nil
    problems = checked.error?.problems.map(\.description) ?? []
  }
}
