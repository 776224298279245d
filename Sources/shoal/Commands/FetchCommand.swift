import FoundationEssentials
import RegistryCore
import RegistryHTTP

/// `shoal blob fetch` and `blob cancel`. The node fetches; the command orders and looks on.
struct FetchCommand {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  /// What the line says, checked before anything is asked.
  struct Order {
    enum Source {
      case magnet(String)
      case file(String)
    }

    let source: Source
    let digest: Digest
    let repository: RepositoryName
    let peers: [String]

    init(_ invocation: Invocation) throws(UsageError) {
      let text = invocation.argument
      source = text.lowercased().hasPrefix("magnet:") ? .magnet(text) : .file(text)
      guard let digest = invocation.value("digest") else {
        throw UsageError("the digest is missing", advice: "say what the blob must be with --digest sha256:…")
      }
      self.digest = try FetchCommand.digest(digest)
      guard let repository = invocation.value("into") else {
        throw UsageError("the repository is missing", advice: "say who may read the blob with --into REPOSITORY")
      }
      do throws(RegistryError) {
        self.repository = try RepositoryName(parsing: repository)
      } catch {
        throw UsageError(error.message, advice: "for example --into team/app")
      }
      peers = invocation.values["peer"] ?? []
    }

    var parameters: [(String, String?)] {
      var parameters: [(String, String?)] = [("digest", digest.description), ("repository", repository.text)]
      if case .magnet(let link) = source { parameters.append(("magnet", link)) }
      return parameters
    }
  }

  static func digest(_ text: String) throws(UsageError) -> Digest {
    do throws(RegistryError) {
      return try Digest(parsing: text)
    } catch {
      throw UsageError(error.message, advice: "write the whole digest")
    }
  }

  func run() throws {
    let order = try Order(invocation)
    try session.needNode()
    var peers: [(String, String?)] = []
    for peer in order.peers { peers += try PeerLookup.endpoints(of: peer).map { ("peer", $0.description) } }
    var file: [UInt8]?
    if case .file(let path) = order.source { file = try WholeFile.read(path, atMost: TorrentDocument.byteLimit) }
    let last = try follow(order.parameters + peers, file)
    guard last?.state == "finished" else {
      throw CommandFailure(
        .failure,
        last?.message ?? "the node stopped answering; the fetch goes on when it is back, and: shoal status shows it")
    }
    if invocation.wantsJSON { return try output.json(last) }
    output.line("\(order.digest) is here, \(order.repository) may read it")
  }

  private func follow(_ parameters: [(String, String?)], _ file: [UInt8]?) throws -> FetchDocument? {
    var last: FetchDocument?
    let display = ProgressDisplay(output)
    defer { display.end() }
    try session.lines("POST", "blobs/fetch", parameters, sending: file) { line in
      let step = try JSONDecoder().decode(FetchDocument.self, from: Data(line))
      last = step
      if !invocation.wantsJSON { display.show(Progress(step)) }
    }
    return last
  }

  func cancel() throws {
    try session.needNode()
    try session.delete("blobs/fetch", [("digest", invocation.argument)])
    if invocation.wantsJSON { return try output.json(["cancelled": invocation.argument]) }
    output.line("cancelled \(invocation.argument)")
  }
}

extension Progress {
  /// A fetch under way.
  init(_ fetch: FetchDocument) {
    guard fetch.state != "resolving" else {
      self.init(title: "asking peers what the magnet link is of", done: 0)
      return
    }
    self.init(
      title: "fetch \(Amount.short(fetch.digest))", done: fetch.verifiedBytes, total: fetch.size,
      note: fetch.peers == 1 ? "1 peer" : "\(fetch.peers) peers")
  }
}
