import RegistryHTTP

/// `shoal fleet remove`, `leave`
struct MemberCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func remove() throws {
    try session.needNode("members hear of it from a node that runs; start it with: shoal serve")
    let removal: RemovalDocument = try session.post("fleet/remove", [("node", invocation.argument)])
    if invocation.wantsJSON { return try output.json(removal) }
    output.line("removed \(removal.name) (\(removal.node.prefix(12))); the fleet has \(removal.members) nodes")
    output.line("what it said until now counts, nothing that it says later")
    guard removal.wasIssuer else { return }
    output.note(
      "\(removal.name) has held the fleet's key: if its disk may be in wrong hands, found a new fleet, for whoever has "
        + "that key can let nodes in")
  }
}
