import FoundationEssentials
import Glibc
import RegistryCore
import RegistryHTTP

/// `shoal magnet`: what strangers, or nodes of one's own, fetch an image by.
struct MagnetCommand {
  private let session: ControlSession
  private let invocation: Invocation
  private let output: TerminalOutput

  init(_ session: ControlSession, _ invocation: Invocation, _ output: TerminalOutput) {
    self.session = session
    self.invocation = invocation
    self.output = output
  }

  func run() throws {
    let image = try ImageArgument(parsing: invocation.argument)
    let folder = invocation.value("out")
    let isPrivate = invocation.has("private")
    guard !isPrivate || folder != nil else {
      throw UsageError("--private has no links to print", advice: "write files with --out DIR")
    }
    var parts = try self.parts(image)
    if let folder { try write(&parts, image, to: folder) }
    if invocation.wantsJSON { try output.json(parts.map(PrintedPart.init)) } else { show(parts, isPrivate) }
    warnOfLoopback(parts)
    let absent = parts.filter { !$0.isPresent }
    guard absent.isEmpty else {
      throw CommandFailure(.failure, "\(absent.count) parts of the image are not here, so they have no torrents")
    }
  }

  /// A link that works on this machine alone looks like one that works.
  private func warnOfLoopback(_ parts: [TorrentPartDocument]) {
    guard let seed = parts.lazy.compactMap(\.magnet).first.flatMap({ try? MagnetLink(parsing: $0) })?.webSeeds.first
    else { return }
    guard ["://localhost", "://127.", "://[::1]"].contains(where: seed.contains) else { return }
    output.note(
      "these links name this node as only this machine can reach it; set torrent.url to what others call it")
  }

  /// Hashes that are not there yet are made on the way, which a bar shows.
  private func parts(_ image: ImageArgument) throws -> [TorrentPartDocument] {
    let all: [TorrentPartDocument] = try session.get("torrents/parts", image.parameters)
    var found: [TorrentPartDocument] = []
    let display = ProgressDisplay(output)
    defer { display.end() }
    let total = all.reduce(0) { $0 + $1.size }
    try session.lines("GET", "torrents/image", image.parameters + kind(image)) { line in
      found.append(try JSONDecoder().decode(TorrentPartDocument.self, from: Data(line)))
      guard !invocation.wantsJSON else { return }
      let done = found.reduce(0) { $0 + $1.size }
      display.show(Progress(title: "hashing", done: done, total: total, note: "\(found.count) of \(all.count)"))
    }
    guard found.count == all.count else {
      throw CommandFailure(.failure, "the node stopped in the middle of the image; its log says why")
    }
    return found
  }

  private func kind(_ image: ImageArgument) -> [(String, String?)] {
    [
      ("version", invocation.has("v2") ? "2" : "1"), ("host", image.host),
      ("private", invocation.has("private") ? "" : nil),
    ]
  }

  private func write(_ parts: inout [TorrentPartDocument], _ image: ImageArgument, to folder: String) throws {
    let made = mkdir(folder, 0o777)
    let code = errno
    guard made == 0 || code == EEXIST else {
      throw CommandFailure(.failure, "\(folder) cannot be made: \(String(cString: strerror(code)))")
    }
    for index in parts.indices where parts[index].isPresent && parts[index].size > 0 {
      let digest = parts[index].digest
      let bytes = try session.bytes(
        "torrents/file", [("repository", image.repository.text), ("digest", digest)] + kind(image))
      let path = "\(folder)/\(digest.drop { $0 != ":" }.dropFirst()).torrent"
      try WholeFile.write(bytes, to: path)
      parts[index].torrent = path
    }
  }

  private func show(_ parts: [TorrentPartDocument], _ isPrivate: Bool) {
    for part in parts {
      output.line("\(part.digest)  \(Amount.bytes(part.size))  \(part.mediaType)")
      if !part.isPresent { output.line("  not here") }
      if part.isPresent, part.size == 0 { output.line("  empty: it needs no torrent") }
      if let magnet = part.magnet { output.line("  \(magnet)") }
      if let torrent = part.torrent { output.line("  \(torrent)") }
    }
  }
}

/// What `--json` prints of a part.
private struct PrintedPart: Encodable {
  let digest: String
  let mediaType: String
  let size: Int64
  let magnet: String?
  let torrent: String?

  init(_ part: TorrentPartDocument) {
    digest = part.digest
    mediaType = part.mediaType
    size = part.size
    magnet = part.magnet
    torrent = part.torrent
  }
}
