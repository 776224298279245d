import Glibc
import RegistryHTTP

/// `shoal fleet …`
struct FleetCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  /// Far above any token.
  private static let tokenBytes = 16 << 10
  private static let authorityBytes = 64 << 10

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  /// - Parameters:
  ///   - path: of the recovery file, where none is named.
  ///   - isMember: whether the node has papers of a fleet.
  func found(recovery path: String, isMember: Bool) throws {
    // First, so that a fleet is not there without it because of a slip of the pen.
    let file: RecoveryTarget
    do throws(CommandFailure) { file = try RecoveryTarget(invocation.value("recovery-file") ?? path) } catch {
      // Most likely it is that fleet's.
      throw isMember ? CommandFailure(.failure, NodeFleet.memberAlready.message) : error
    }
    let fleet: FleetMembershipDocument
    do { fleet = try found() } catch {
      file.discard()
      throw error
    }
    do {
      let recovery: RecoveryDocument = try session.get("fleet/recovery")
      try file.write(recovery.text)
    } catch {
      file.discard()
      output.note("the fleet is made, its recovery file is not: write it with shoal fleet recovery-file FILE")
      throw error
    }
    if invocation.wantsJSON { return try output.json(FoundedFleet(fleet, file.path)) }
    output.line("fleet \(fleet.fleet)")
    output.line("node  \(fleet.node) (\(fleet.name))")
    output.line("Invite others with: shoal fleet invite")
    output.line("Carry away and keep safe: \(file.path)")
    output.note("whoever has that file has the fleet; with it any member becomes an issuer (shoal fleet recover)")
    output.note(IssuerCommands.loneIssuer)
  }

  private func found() throws -> FleetMembershipDocument {
    guard let path = invocation.value("authority") else { return try session.post("fleet/init", []) }
    let text = try WholeFile.read(path, atMost: Self.authorityBytes)
    return try session.post("fleet/init/authority", [], sending: text)
  }

  func invite() throws {
    try session.needNode("only a running member invites; start the node with: shoal serve --fleet-listen HOST:PORT")
    let invitation: InvitationDocument = try session.post("fleet/invite", [])
    if invocation.wantsJSON { return try output.json(invitation) }
    output.line(invitation.token)
    output.note(
      "good for one node until \(Amount.time(millisecondsSince1970: invitation.expiresAtSeconds * 1000)); "
        + "there: shoal fleet join TOKEN")
  }

  func join() throws {
    try session.needNode("start the node first, with: shoal serve --fleet-listen HOST:PORT")
    let token = try token()
    let fleet: FleetMembershipDocument = try session.post(
      "fleet/join", [("names", invocation.value("names"))], sending: token)
    if invocation.wantsJSON { return try output.json(fleet) }
    output.line("joined fleet \(fleet.fleet) of \(fleet.members) nodes as \(fleet.name)")
    if let lost = fleet.lostClaims {
      output.note(
        lost == 0
          ? "this node is back: what it said before it was removed counts"
          : "this node is back: what it said before it was removed counts, \(lost) later changes of names do not; "
            + "push those images again")
    }
    for name in fleet.contested ?? [] { output.note(FleetText.contested(name)) }
  }

  func list() throws {
    try session.needNode("who is there is known while the node runs; start it with: shoal serve")
    let fleet: FleetDocument = try session.get("fleet")
    if invocation.wantsJSON { return try output.json(fleet) }
    var table = TextTable(
      .init("NAME"), .init("NODE"), .init("STATE"), .init("ZONE"), .init("LAG"), .init("HOLDS"), .init("TOLD"),
      .init("ADDRESSES"), .init("ROLE"))
    for member in fleet.members {
      let roles = (member.isThisNode ? ["this node"] : []) + (member.isIssuer ? ["issuer"] : [])
      table.append(
        member.name, String(member.node.prefix(12)), member.state, member.zone ?? "-",
        FleetText.lag(of: member, in: fleet), FleetText.stock(member.says), FleetText.age(of: member),
        member.addresses.joined(separator: " "), roles.joined(separator: ", "))
    }
    output.table(table)
    output.line("fleet \(fleet.fleet.prefix(12)), \(FleetText.lag(fleet.members.count, fleet.behindMilliseconds))")
    if let keeping = fleet.keeping { output.line("this node \(FleetText.keeping(keeping))") }
    tell(fleet.certificate)
    if let reason = fleet.refusesWrites { output.note(reason) }
    for member in fleet.members where !member.isThisNode {
      if let ending = FleetText.ending(of: member, at: Int64(time(nil))) { output.note(ending) }
    }
    for member in fleet.members { for twin in member.twins ?? [] { output.note(FleetText.twin(twin, of: member)) } }
    for member in fleet.members { if let ban = member.ban { output.note(FleetText.ban(ban, of: member)) } }
    if fleet.members.count > 1, fleet.members.count(where: \.isIssuer) == 1 { output.note(IssuerCommands.loneIssuer) }
  }

  private func tell(_ certificate: CertificateDocument) {
    let end = Amount.time(millisecondsSince1970: certificate.endsAtSeconds * 1000)
    let left = max(0, certificate.endsAtSeconds - Int64(time(nil))) / 86_400
    output.line(
      certificate.isOver ? "this node's certificate is over since \(end)" : "this node's certificate holds until \(end)"
    )
    guard let trouble = certificate.trouble else { return }
    output.note(
      certificate.isOver
        ? "no member speaks with this node: \(trouble)" : "not renewed yet, \(left) days left: \(trouble)")
  }

  private func token() throws -> [UInt8] {
    switch (invocation.arguments.first, invocation.value("token-file")) {
    case (let token?, nil) where token != "-": return Array(token.utf8)
    case (_?, nil): return try Self.read(STDIN_FILENO, "standard input")
    case (nil, let path?):
      let file = open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { throw CommandFailure(.failure, "\(path): \(String(cString: strerror(errno)))") }
      defer { close(file) }
      return try Self.read(file, path)
    default: throw UsageError("there is not one token", advice: "write TOKEN, or -, or --token-file FILE")
    }
  }

  private static func read(_ file: Int32, _ name: String) throws(CommandFailure) -> [UInt8] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: tokenBytes)
    while text.count <= tokenBytes {
      let count = Glibc.read(file, &buffer, buffer.count)
      let code = errno
      if count < 0, code == EINTR { continue }
      guard count >= 0 else { throw CommandFailure(.failure, "\(name): \(String(cString: strerror(code)))") }
      if count == 0 { break }
      text += buffer.prefix(count)
    }
    return text
  }
}

/// What `fleet init --json` prints.
private struct FoundedFleet: Encodable {
  let fleet: String
  let node: String
  let name: String
  let members: Int
  let issuers: Int
  let recoveryFile: String

  init(_ fleet: FleetMembershipDocument, _ recoveryFile: String) {
    (self.fleet, node, name) = (fleet.fleet, fleet.node, fleet.name)
    (members, issuers, self.recoveryFile) = (fleet.members, fleet.issuers, recoveryFile)
  }
}
