import Glibc
import RegistryHTTP

/// `shoal fleet promote`, `demote`, `recovery-file` and `recover`.
struct IssuerCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  /// Far above any recovery file.
  private static let fileBytes = 16 << 10
  private static let stopped = "the fleet is asked while the node runs; start it with: shoal serve"

  func promote() throws {
    try session.needNode(Self.stopped)
    let issuers: IssuersDocument = try session.post("fleet/promote", [("node", invocation.argument)])
    if invocation.wantsJSON { return try output.json(issuers) }
    output.line("\(issuers.name) holds the fleet's key now; issuers: \(issuers.issuers.joined(separator: ", "))")
  }

  func demote() throws {
    try session.needNode(Self.stopped)
    let issuers: IssuersDocument = try session.post("fleet/demote", [("node", invocation.argument)])
    if invocation.wantsJSON { return try output.json(issuers) }
    output.line("\(issuers.name) is an issuer no more; issuers: \(issuers.issuers.joined(separator: ", "))")
    output.note(
      "\(issuers.name) removes its copy of the fleet's key when it hears of this; a copy that somebody made of it cannot "
        + "be taken back, and stays good for this fleet")
    if issuers.issuers.count < 2 { output.note(Self.loneIssuer) }
  }

  func recover() throws {
    guard let path = invocation.value("file") else {
      throw UsageError("there is no file", advice: "write --file FILE, with what shoal fleet init wrote")
    }
    try session.needNode(Self.stopped)
    let text = try WholeFile.read(path == "-" ? "/dev/stdin" : path, atMost: Self.fileBytes)
    let issuers: IssuersDocument = try session.post("fleet/recover", [], sending: text)
    if invocation.wantsJSON { return try output.json(issuers) }
    output.line("\(issuers.name) holds the fleet's key now; issuers: \(issuers.issuers.joined(separator: ", "))")
    output.note("demote issuers that are lost for good (shoal fleet demote), and promote another member")
  }

  func writeRecoveryFile() throws {
    let file = try RecoveryTarget(invocation.argument)
    let document: RecoveryDocument
    do {
      document = try session.get("fleet/recovery")
      try file.write(document.text)
    } catch {
      file.discard()
      throw error
    }
    if invocation.wantsJSON {
      return try output.json(["fleet": document.fleet, "recoveryFile": file.path])
    }
    output.line("wrote \(file.path)")
    output.note("whoever has this file has the fleet: keep it where the nodes are not")
  }

  static let loneIssuer =
    "one node alone holds the fleet's key: without it nobody can be let in or removed, and certificates end; promote "
    + "another member (shoal fleet promote)"
}
