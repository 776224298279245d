import RegistryCore
import RegistryTesting
import Testing

@testable import RegistryService

struct FetchNoteTests {
  @Test(arguments: TorrentVersion.allCases)
  func whatIsWrittenDownIsReadBack(_ version: TorrentVersion) throws {
    let bytes = seededBytes(100_000, seed: 1)
    let plain = try SwarmNode.torrent(bytes, version, as: .hashing(bytes, .sha512))
    let torrent = SwarmTorrent(
      digest: plain.digest, size: plain.size, pieceBytes: plain.pieceBytes, infoHash: plain.infoHash, info: plain.info,
      pieceLayer: [7, 8, 9], trackers: ["http://tracker.example/announce", ""])
    let peers = [PeerEndpoint(address: "192.0.2.1", port: 6881), PeerEndpoint(address: "2001:db8::1", port: 1)]
    let note = FetchNote(torrent, from: .peers(peers, in: .public), for: [SwarmNode.open, SwarmNode.closed])
    let read = try #require(
      FetchNote(UnfinishedFetch(digest: torrent.digest, size: torrent.size, note: note.encoded)))
    #expect(read.torrent.infoHash == torrent.infoHash && read.torrent.info == torrent.info)
    #expect(read.torrent.pieceLayer == torrent.pieceLayer)
    #expect(read.torrent.trackers == torrent.trackers && read.torrent.pieceBytes == torrent.pieceBytes)
    #expect(read.origin == .peers(peers, in: .public) && read.repositories == [SwarmNode.open, SwarmNode.closed])
  }

  @Test func membersAreReadBackWithWhatTheyHave() throws {
    let torrent = try SwarmNode.torrent([1], .v2, as: .hashing([1]))
    let members = (1...4).map { JoinedNodes.id($0) }
    let origins: [FetchOrigin] = [
      .members(holders: Array(members[..<2]), peers: []), .members(holders: [], peers: Array(members[2...])),
      .members(holders: Array(members[..<1]), peers: Array(members[1...])), .peers([], in: .fleet),
    ]
    for origin in origins {
      let note = FetchNote(torrent, from: origin, for: [SwarmNode.open])
      let read = FetchNote(UnfinishedFetch(digest: torrent.digest, size: torrent.size, note: note.encoded))
      #expect(read?.origin == origin)
    }
  }

  @Test func aDamagedNoteIsReadAsOneOrAsNone() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("damaged notes, seed \(seed)")
    var random = SeededNumbers(seed: seed)
    let torrent = try SwarmNode.torrent([1], .v2, as: .hashing([1]))
    let sound = FetchNote(torrent, from: .peers([], in: .fleet), for: [SwarmNode.open]).encoded
    for _ in 0..<2000 {
      var note = sound
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: note[Int.random(in: 0..<note.count, using: &random)] = .random(in: 0...255, using: &random)
        case 1: note.removeLast(Int.random(in: 0..<note.count, using: &random))
        default: note += seededBytes(Int.random(in: 0..<20, using: &random), seed: random.next())
        }
        if note.isEmpty { break }
      }
      // It does not trap, and what it reads holds together.
      if let read = FetchNote(UnfinishedFetch(digest: torrent.digest, size: 1, note: note)) {
        #expect(read.torrent.infoHash == InfoHash(read.torrent.infoHash.version, ofInfo: read.torrent.info))
      }
    }
  }

  @Test(arguments: ["1", "1:", ":a", "-1:a", "2:a", "99999999999999999999:a", "1:ab", "a:a"])
  func fieldsThatDoNotAddUpAreNone(_ text: String) {
    #expect(CountedFields.decode(Array(text.utf8)) == nil)
  }
}
