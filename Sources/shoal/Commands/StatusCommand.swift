import Glibc
import RegistryHTTP

/// `shoal status`: the node at this moment, or again and again.
struct StatusCommand {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func run() throws {
    guard invocation.has("watch") else { return try tell(try session.get("status")) }
    while true {
      let status: StatusDocument = try session.get("status")
      if !invocation.wantsJSON, output.barColumns != nil { output.clearScreen() }
      try tell(status)
      // Ctrl-C ends the process here: there is nothing to put away.
      sleep(1)
    }
  }

  private func tell(_ status: StatusDocument) throws {
    if invocation.wantsJSON { return try output.json(status) }
    for line in StatusText(columns: output.barColumns ?? 100).lines(status) { output.line(line) }
  }
}
