import RegistryHTTP

/// `shoal fleet policy …`
struct PolicyCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  /// What was written goes to standard output as it was, so that it can be edited and set again.
  func show() throws {
    try session.needNode("the policy is known while the node runs; start it with: shoal serve")
    let policy: PolicyDocument = try session.get("fleet/policy")
    if invocation.wantsJSON { return try output.json(policy) }
    guard let number = policy.number else {
      return output.note("no policy is set: every member writes every repository, and tags may move")
    }
    let issuer = policy.issuer ?? "an issuer"
    let time = Amount.time(millisecondsSince1970: policy.atMilliseconds ?? 0)
    output.note("set by \(issuer) at \(time), record \(number)")
    if !policy.unknownKeys.isEmpty {
      output.note("this release does not know \(policy.unknownKeys.joined(separator: ", ")): update this node")
    }
    output.text(policy.text)
  }

  func set() throws {
    try session.needNode("members hear of it from a node that runs; start it with: shoal serve")
    let path = invocation.argument == "-" ? "/dev/stdin" : invocation.argument
    let text = try WholeFile.read(path, atMost: Self.textBytes)
    let policy: PolicyDocument = try session.post(
      "fleet/policy", [("force", invocation.has("force") ? "true" : nil)], sending: text)
    if invocation.wantsJSON { return try output.json(policy) }
    output.line("the policy is set, record \(policy.number ?? 0); members hear of it within seconds")
    if !policy.rules.writers.isEmpty {
      output.note("what nodes wrote where they are no writers does not count any more: push it again on those that are")
    }
  }

  /// More than a policy may have: the node says how much that is.
  private static let textBytes = 512 << 10
}
