import RegistryCore
import RegistryHTTP

/// `shoal tag …`
struct TagCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func history() throws {
    let limit = try invocation.count("limit")
    let events: [TagEventDocument] = try session.get(
      "tags/history", try parameters() + [("n", limit.map { "\($0)" })])
    if invocation.wantsJSON { return try output.json(events) }
    var table = TextTable(.init("WHEN"), .init("DIGEST"), .init("HERE"))
    for event in events {
      table.append(
        Amount.time(millisecondsSince1970: event.atMilliseconds), event.digest ?? "(removed)",
        event.isPresent ? "yes" : "no")
    }
    output.table(table)
  }

  func rollback() throws {
    let document: RollbackDocument = try session.post(
      "tags/rollback", try parameters() + [("to", invocation.value("to"))])
    if invocation.wantsJSON { return try output.json(document) }
    output.line("\(document.repository):\(document.tag) names \(document.digest) again")
  }

  private func parameters() throws(UsageError) -> [(String, String?)] {
    let image = try ImageArgument(parsing: invocation.argument)
    return [("repository", image.repository.text), ("tag", try image.tag().text)]
  }
}
