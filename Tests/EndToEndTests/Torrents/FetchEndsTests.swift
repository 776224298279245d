import BlockingBodies
import Glibc
import Testing

/// How fetches go on, and how they end, when something breaks.
@Suite(.blocking)
struct FetchEndsTests {
  private static let piece = ClassicTorrent.pieceBytes

  /// How a node that fetches is ended half-way.
  enum Ending: CaseIterable {
    case kill
    case terminate
  }

  @Test(arguments: Ending.allCases) func fetchGoesOnByItselfWhenTheNodeIsBack(_ ending: Ending) throws {
    let blob = Arrival.blob(seed: 10)
    let torrent = ClassicTorrent(blob.bytes)
    let folder = try TemporaryFolder()
    let node = try Arrival.node(in: folder)
    let command = try Arrival.fetch(torrent, as: blob, node)
    let peer = try TorrentPeer(torrent, port: node.torrentPort())
    peer.show(12)
    let reader = try node.connect()
    try reader.sendHead("GET", "/v2/mine/blobs/\(blob.digest)")
    _ = try reader.head()
    _ = try reader.bytes(12 * Self.piece)
    switch ending {
    case .kill: try node.kill()
    case .terminate:
      node.process.signal(SIGTERM)
      // Neither the reader nor the command that looks on is worth a wait: what they wait for does not come.
      #expect(try node.process.wait(within: .seconds(60)) == .exit(0), "\(node.process.errors.text)")
    }
    #expect(try reader.everything().count < blob.bytes.count - 12 * Self.piece)
    #expect(try command.wait() == .exit(1))
    #expect(node.stagedFetches.count == 2)

    let again = try Arrival.node(in: folder)
    let other = try TorrentPeer(torrent, port: again.torrentPort())
    other.show()
    #expect(eventually { again.stagedFetches.isEmpty })
    #expect(try again.ask("GET", "/v2/mine/blobs/\(blob.digest)").body == blob.bytes)
    // Eight pieces in twenty, and what was on its way when the peer was cut.
    #expect(other.sentBytes < blob.bytes.count * 3 / 4)
    try again.stop()
  }

  @Test func fetchOutlivesTheCommandThatBeganIt() throws {
    let blob = Arrival.blob(seed: 11)
    let torrent = ClassicTorrent(blob.bytes)
    let node = try Arrival.node()
    let command = try Arrival.fetch(torrent, as: blob, node)
    let path = "/v2/mine/blobs/\(blob.digest)"
    #expect(try eventually { try node.ask("HEAD", path).status == 200 }, "\(command.errors.text)")
    command.signal(SIGINT)
    try command.wait(within: .seconds(60))
    let peer = try TorrentPeer(torrent, port: node.torrentPort())
    peer.show()
    #expect(try node.ask("GET", path).body == blob.bytes)
    #expect(eventually { node.stagedFetches.isEmpty })
  }

  /// It takes connections and says nothing, for as long as anybody waits.
  private final class SilentPeer {
    let port: UInt16
    private let socket: Int32

    init() throws {
      socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      let socket = socket
      let failed = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, size) != 0 || listen(socket, 16) != 0 || getsockname(socket, $0, &size) != 0
        }
      }
      guard !failed else { throw Trouble(errno: "listen") }
      port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(socket) }
  }

  @Test func peerThatNeverSendsHoldsNobodyUp() throws {
    let blob = Arrival.blob(seed: 12)
    let torrent = ClassicTorrent(blob.bytes)
    let node = try Arrival.node()
    let silent = try SilentPeer()
    let begin = ContinuousClock.now
    let command = try Arrival.fetch(torrent, as: blob, node, ["--peer", "127.0.0.1:\(silent.port)"])
    let good = try TorrentPeer(torrent, port: node.torrentPort())
    good.show()
    #expect(try command.wait() == .exit(0), "\(command.said)")
    #expect(ContinuousClock.now - begin < .seconds(90))
    #expect(try node.ask("GET", "/v2/mine/blobs/\(blob.digest)").body == blob.bytes)
  }

  /// It is the first one there, says it has everything, and is asked for all of it.
  @Test func peerThatShowsAllAndAnswersNothingHoldsNobodyUp() throws {
    let blob = Arrival.blob(seed: 14)
    let torrent = ClassicTorrent(blob.bytes)
    let node = try Arrival.node()
    let command = try Arrival.fetch(torrent, as: blob, node)
    let idler = try TorrentPeer(torrent, port: node.torrentPort(), answers: false)
    idler.show()
    #expect(eventually { idler.askedCount > 0 })
    let begin = ContinuousClock.now
    let good = try TorrentPeer(torrent, port: node.torrentPort())
    good.show()
    #expect(try command.wait() == .exit(0), "\(command.said)")
    print("beside a peer that answers nothing: \(ContinuousClock.now - begin)")
    #expect(ContinuousClock.now - begin < .seconds(90))
    #expect(try node.ask("GET", "/v2/mine/blobs/\(blob.digest)").body == blob.bytes)
  }

  @Test(.enabled(if: Machine.mayBeRoot, "only root can mount a small disk"))
  func fullDiskEndsTheFetchAndKeepsNothing() throws {
    let folder = try TemporaryFolder()
    let disk = try SmallDisk(in: folder, megabytes: 16)
    let node = try Arrival.node(in: folder, data: disk.path + "/data")
    defer { _ = try? node.process.kill() }
    let blob = Arrival.blob(seed: 13, pieces: 320)
    let torrent = ClassicTorrent(blob.bytes)
    let command = try Arrival.fetch(torrent, as: blob, node)
    let peer = try TorrentPeer(torrent, port: node.torrentPort())
    peer.show()
    #expect(try command.wait() == .exit(1))
    #expect(command.said.contains("no room") || command.said.contains("disk is full"), "\(command.said)")
    #expect(eventually { node.stagedFetches.isEmpty })
    #expect(disk.freeBytes > 10 << 20)
    try node.connect().checkService()
  }
}
