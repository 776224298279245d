import BlockingWork
import RegistryCore
import RegistryService

/// Learns what a magnet link is of, in a process of its own: a torrent without its info dictionary is what a stranger can
/// bring libtorrent 2.0.8 down by, so the node never holds one.
struct MagnetChild: Sendable {
  /// The running program itself, also when its file was replaced by an upgrade meanwhile.
  static let ownProgram = "/proc/self/exe"

  private let pool: BlockingPool
  private let program: String
  /// Who is asked where the DHT is; `nil`: it is not used.
  private let dhtNodes: [String]?
  private let patience: Duration

  /// At work at once; more wait their turn.
  private static let threads = 2

  init(program: String = ownProgram, dhtNodes: [String]?, patience: Duration = .seconds(60)) {
    pool = BlockingPool(name: "magnet", threads: Self.threads)
    self.program = program
    self.dhtNodes = dhtNodes
    self.patience = patience
  }

  func stop() { pool.stop() }

  func resolve(_ link: MagnetLink, _ peers: [PeerEndpoint]) async throws(RegistryError) -> TorrentDocument {
    var arguments = ["resolve-magnet", "--seconds", "\(patience.components.seconds)"]
    if dhtNodes == nil { arguments.append("--no-dht") }
    for node in dhtNodes ?? [] { arguments += ["--dht-node", node] }
    for peer in peers { arguments += ["--peer", peer.description] }
    var child = ThrowAwayProcess(
      program: program, arguments: arguments + [link.description], deadline: patience + .seconds(5),
      outputByteLimit: TorrentDocument.byteLimit)
    let isLeft = Lock(false)
    child.isUnwanted = { isLeft.withLock { $0 } }
    let (process, pool) = (child, pool)
    // Whoever asked has left: the process and its place are another's.
    return try await withTaskCancellationHandler { () -> Result<TorrentDocument, RegistryError> in
      do throws(RegistryError) {
        return .success(try await pool.run { () throws(RegistryError) in try Self.torrent(of: link, process) })
      } catch {
        return .failure(error)
      }
    } onCancel: {
      isLeft.withLock { $0 = true }
    }.get()
  }

  /// What a child says is a stranger's word: it is parsed like any .torrent, and must be the one that was asked for.
  private static func torrent(of link: MagnetLink, _ child: ThrowAwayProcess) throws(RegistryError) -> TorrentDocument {
    let bytes: [UInt8]
    do throws(ThrowAwayProcess.Failure) {
      bytes = try child.run()
    } catch {
      throw error.told
    }
    let document = try TorrentDocument(parsing: bytes)
    guard link.infoHashes.contains(where: { InfoHash($0.version, ofInfo: document.info) == $0 }) else {
      throw RegistryError(.torrentInvalid, "peers answered the magnet link with another torrent")
    }
    return document
  }
}

extension ThrowAwayProcess.Failure {
  fileprivate var told: RegistryError {
    switch self {
    case .late:
      RegistryError(
        .unavailable, "no peer told what the magnet link is of; name one with --peer, or use the .torrent file")
    case .unwanted: RegistryError(.unavailable, "the fetch was cancelled while its magnet link was being resolved")
    case .talkative:
      RegistryError(.torrentInvalid, "the torrent of the magnet link is larger than \(TorrentDocument.byteLimit) bytes")
    case .ended(_, let words):
      RegistryError(.unavailable, words.isEmpty ? "the magnet link could not be resolved" : Self.oneLine(words))
    case .signal(let signal):
      RegistryError(
        .unavailable, "the magnet link could not be resolved; use the .torrent file",
        cause: "the process that asked peers ended by signal \(signal)")
    case .system(let code):
      RegistryError(.internal, "the magnet link could not be resolved", cause: "error \(code) with the child process")
    }
  }

  /// Without the program's name in front, which stands before every complaint.
  private static func oneLine(_ words: String) -> String {
    let line = words.prefix { $0 != "\n" }
    return String(line.hasPrefix("shoal: ") ? line.dropFirst(7) : line)
  }
}
