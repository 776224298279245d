import FoundationEssentials
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
    let left = "\(removal.members) \(removal.members == 1 ? "node" : "nodes")"
    output.line("removed \(removal.name) (\(removal.node.prefix(12))); the fleet has \(left)")
    output.line("what it said until now counts, nothing that it says later")
    guard removal.wasIssuer else { return }
    output.note(
      "\(removal.name) has held the fleet's key: if its disk may be in wrong hands, found a new fleet, for whoever has "
        + "that key can let nodes in")
  }

  func leave() throws {
    try session.needNode("the others take in what it keeps while the node runs; start it with: shoal serve")
    var last: DepartureDocument?
    var told: String?
    try session.lines("POST", "fleet/leave", [("force", invocation.has("force") ? "true" : nil)]) { line in
      let step = try JSONDecoder().decode(DepartureDocument.self, from: Data(line))
      last = step
      if invocation.wantsJSON { return try output.jsonLine(step) }
      if let waits = step.waitsFor, waits != told { tell(waits, step.alone) }
      told = step.waitsFor
    }
    guard let departure = last, departure.phase == .left else {
      throw CommandFailure(.failure, "the departure broke off, and this node is still a member; see its log")
    }
    if !invocation.wantsJSON { tellEnd(departure) }
  }

  private func tell(_ waits: String, _ alone: [String]) {
    output.note("waiting: \(waits)")
    for image in alone.prefix(Self.shownImages) { output.note("  \(image)") }
  }

  private func tellEnd(_ departure: DepartureDocument) {
    for image in departure.alone { output.line("lost to the fleet: \(image)") }
    output.line("this node is in no fleet any more; it keeps the images that it holds")
    guard !departure.wasRemoved else { return }
    output.note("no issuer answered: the others list it until it is removed there, with shoal fleet remove")
  }

  private static let shownImages = 10
}
