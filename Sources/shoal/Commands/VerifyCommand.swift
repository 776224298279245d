import FoundationEssentials
import RegistryHTTP

/// `shoal blob verify`: follows a walk over the store; exit code 1 when a blob is rotten.
struct VerifyCommand {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func run() throws {
    var last: VerificationDocument?
    var told = 0
    let display = ProgressDisplay(output)
    defer { display.end() }
    try session.lines("POST", "blobs/verify", [("report-only", invocation.has("report-only") ? "" : nil)]) { line in
      let step = try JSONDecoder().decode(VerificationDocument.self, from: Data(line))
      if !invocation.wantsJSON {
        if told < step.rotten.count { display.end() }
        for digest in step.rotten[told...] { output.line("rotten \(digest)") }
        display.show(Progress(step))
      }
      told = step.rotten.count
      last = step
    }
    display.end()
    guard let report = last, report.isFinished else {
      throw CommandFailure(.failure, "the verification broke off; the node's log says why")
    }
    if invocation.wantsJSON { try output.json(report) } else { tell(report) }
    guard report.rotten.isEmpty else { throw CommandFailure(.failure, "") }
  }

  private func tell(_ report: VerificationDocument) {
    output.line(
      "\(report.checkedBlobs) blobs, \(Amount.bytes(report.checkedBytes)): "
        + (report.rotten.isEmpty ? "all as they should be" : "\(report.rotten.count) rotten"))
    guard report.quarantined > 0 else { return }
    output.line("\(report.quarantined) put aside in the data folder's quarantine; push the images again to heal them")
  }
}

extension Progress {
  fileprivate init(_ step: VerificationDocument) {
    self.init(
      title: "verify", done: Int64(step.checkedShelves), total: 256, unit: .shares,
      note: "\(step.checkedBlobs) blobs, \(Amount.bytes(step.checkedBytes))")
  }
}
