import FoundationEssentials
import RegistryHTTP

/// `shoal torrent …`
struct TorrentCommands {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func list() throws {
    let blobs: [BlobTorrentsDocument] = try session.get("torrents")
    if invocation.wantsJSON { return try output.json(blobs) }
    var table = TextTable(
      .init("DIGEST"), .init("SIZE", .right), .init("STATE"), .init("PEERS", .right), .init("SENT", .right),
      .init("RECEIVED", .right))
    for blob in blobs {
      let (sent, received) = blob.live.reduce((0, 0)) { ($0.0 + $1.uploadedBytes, $0.1 + $1.downloadedBytes) }
      table.append(
        blob.digest, Amount.bytes(blob.size), Self.state(blob), "\(blob.live.reduce(0) { $0 + $1.peers })",
        Amount.bytes(sent), Amount.bytes(received))
    }
    output.table(table)
  }

  func show() throws {
    guard invocation.has("watch") else { return try showOnce { try output.json($0) } }
    try session.needNode()
    try output.again { try showOnce { try output.jsonLine($0) } }
  }

  private func showOnce(_ print: ([BlobTorrentsDocument]) throws -> Void) throws {
    let blobs: [BlobTorrentsDocument] = try digests(arriving: true).map {
      try session.get("torrents/show", [("digest", $0)])
    }
    if invocation.wantsJSON { return try print(blobs) }
    if invocation.has("watch"), output.isOnScreen { output.clearScreen() }
    for (at, blob) in blobs.enumerated() {
      if at > 0 { output.line("") }
      show(blob)
    }
  }

  func start() throws { try change("torrents/start", "start", "started") }

  func stop() throws { try change("torrents/stop", "stop", "stopped") }

  func rest() throws { try change("torrents/rest", "rest", "resting unless wanted:") }

  func verify() throws {
    let digests = try digests()
    var reports: [TorrentVerificationDocument] = []
    let display = ProgressDisplay(output)
    defer { display.end() }
    for (at, digest) in digests.enumerated() {
      let report = try verify(digest, display, note: digests.count > 1 ? "\(at + 1) of \(digests.count)" : "")
      display.end()
      reports.append(report)
      if !invocation.wantsJSON { output.line(report.fault.map { "\(digest): \($0)" } ?? "\(digest): sound") }
    }
    if invocation.wantsJSON { try output.json(reports.map(Outcome.init)) }
    guard reports.allSatisfy({ $0.fault == nil }) else { throw CommandFailure(.failure, "") }
  }

  /// What one digest came to, for programs.
  private struct Outcome: Encodable {
    let digest: String
    let size: Int64
    let isSound: Bool
    let fault: String?

    init(_ report: TorrentVerificationDocument) {
      (digest, size, isSound, fault) = (report.digest, report.size, report.fault == nil, report.fault)
    }
  }

  private func verify(_ digest: String, _ display: ProgressDisplay, note: String) throws -> TorrentVerificationDocument
  {
    var last: TorrentVerificationDocument?
    try session.lines("POST", "torrents/verify", [("digest", digest)]) { line in
      let step = try JSONDecoder().decode(TorrentVerificationDocument.self, from: Data(line))
      last = step
      guard !invocation.wantsJSON else { return }
      display.show(
        Progress(title: "verify \(Amount.short(digest))", done: step.checkedBytes, total: step.size, note: note))
    }
    guard let last, last.isFinished else {
      throw CommandFailure(.failure, "the verification broke off; the node's log says why")
    }
    return last
  }

  private func change(_ path: String, _ title: String, _ done: String) throws {
    try session.needNode()
    let digests = try digests()
    let display = ProgressDisplay(output)
    defer { display.end() }
    // Hashes that are not there yet are made on the way, and one large layer alone may take long.
    for (at, digest) in digests.enumerated() {
      let progress = Progress(
        title: title, done: Int64(at), total: Int64(digests.count), unit: .things, note: Amount.short(digest))
      try session.order(path, [("digest", digest)]) {
        if !invocation.wantsJSON { display.show(progress) }
      }
    }
    display.end()
    if invocation.wantsJSON { return try output.json([done: digests]) }
    for digest in digests { output.line("\(done) \(digest)") }
  }

  /// One, or those of all parts of an image that can have a torrent.
  /// - Parameter arriving: those too that are on their way.
  private func digests(arriving: Bool = false) throws -> [String] {
    switch try BlobOrImageArgument(parsing: invocation.argument) {
    case .blob(let digest): return [digest.description]
    case .image(let image):
      let parts: [TorrentPartDocument] = try session.get("torrents/parts", image.parameters)
      let live: [BlobTorrentsDocument] = arriving ? try session.get("torrents") : []
      let digests = Set(live.lazy.filter { !$0.live.isEmpty }.map(\.digest))
      return parts.filter { $0.size > 0 && ($0.isPresent || digests.contains($0.digest)) }.map(\.digest)
    }
  }

  private func show(_ blob: BlobTorrentsDocument) {
    output.line("digest        \(blob.digest)")
    output.line("size          \(Amount.bytes(blob.size))")
    output.line("state         \(Self.state(blob))")
    output.line("public        \(blob.isPublic ? "yes" : "no")")
    output.line("repositories  \(blob.repositories.isEmpty ? "none" : blob.repositories.joined(separator: ", "))")
    for torrent in blob.torrents {
      output.line(
        "version \(torrent.version)     \(torrent.infoHash), \(torrent.pieces) pieces of \(Amount.bytes(Int64(torrent.pieceBytes)))"
      )
    }
    for live in blob.live { show(live, pieces: blob.torrents.first { $0.version == live.version }?.pieces) }
  }

  private func show(_ live: LiveTorrentDocument, pieces: Int?) {
    let percent = live.size > 0 ? live.verifiedBytes * 100 / live.size : 0
    output.line(
      "live          version \(live.version), \(percent)% here, \(live.peers) peers, sent "
        + "\(Amount.bytes(live.uploadedBytes)), received \(Amount.bytes(live.downloadedBytes))")
    guard let connections = live.connections, !connections.isEmpty else { return }
    var table = TextTable(
      .init("  PEER"), .init("SHOWS", .right), .init("FROM IT/S", .right), .init("TO IT/S", .right),
      .init("FROM IT", .right), .init("TO IT", .right))
    for peer in connections {
      let shows = peer.isSeed ? "all" : pieces.map { "\(peer.pieces) of \($0)" } ?? "\(peer.pieces)"
      table.append(
        "  \(peer.name)", shows, Amount.bytes(Int64(peer.downloadBytesPerSecond)),
        Amount.bytes(Int64(peer.uploadBytesPerSecond)), Amount.bytes(peer.downloadedBytes),
        Amount.bytes(peer.uploadedBytes))
    }
    output.table(table)
  }

  private static func state(_ blob: BlobTorrentsDocument) -> String {
    let activity = blob.live.isEmpty ? "rests" : blob.live.contains { !$0.isSeeding } ? "fetches" : "seeds"
    return blob.wish.map { "\(activity), \($0)" } ?? activity
  }
}
