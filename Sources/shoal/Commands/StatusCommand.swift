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
    guard invocation.has("watch") else {
      let status: StatusDocument = try session.get("status")
      return invocation.wantsJSON ? try output.json(status) : tell(status)
    }
    try session.needNode()
    try output.again {
      let status: StatusDocument = try session.get("status")
      if invocation.wantsJSON { return try output.jsonLine(status) }
      if output.isOnScreen { output.clearScreen() }
      tell(status)
    }
  }

  private func tell(_ status: StatusDocument) {
    for line in StatusText(columns: output.barColumns ?? 100).lines(status) { output.line(line) }
  }
}
