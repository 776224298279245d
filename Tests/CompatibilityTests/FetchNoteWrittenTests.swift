import RegistryCore
import Testing

@testable import RegistryService

/// What release 0.2.0 has left beside the blobs that it was fetching: this one goes on with it, and writes the same where it
/// has nothing to say that is new.
@Suite struct FetchNoteWrittenTests {
  private static let digest = WritingToday.digest
  private static let members = (1...2).map { NodeID([UInt8](repeating: $0, count: NodeID.byteCount))! }

  private static let ofMembers = """
    31333a73686f616c2066657463682033353a666c656574313a32353a313633383431353a64343a6e616d65353a68656c6c6f\
    65303a32333a383a7465616d2f61707031303a7465616d2f6f74686572303a36343a07070707070707070707070707070707\
    0707070707070707070707070707070707070707070707070707070707070707070707070707070707070707070707073730\
    3a33323a010101010101010101010101010101010101010101010101010101010101010133323a0202020202020202020202\
    020202020202020202020202020202020202020202
    """
  private static let ofStrangers = """
    31333a73686f616c2066657463682033363a7075626c6963313a31353a313633383431353a64343a6e616d65353a68656c6c\
    6f6533343a33313a687474703a2f2f747261636b65722e6578616d706c652f616e6e6f756e636531303a383a6f70656e2f61\
    707033343a393a3139322e302e322e31343a3638383131313a323030313a6462383a3a31313a31303a303a
    """

  private static func read(_ hex: String) throws -> (FetchNote, written: [UInt8]) {
    let bytes = try #require(Hex.decode(hex))
    return (try #require(FetchNote(UnfinishedFetch(digest: digest, size: 20_000, note: bytes))), bytes)
  }

  @Test func aNoteOfMembersIsReadAndWrittenTheSame() throws {
    let (note, written) = try Self.read(Self.ofMembers)
    #expect(note.origin == .members(holders: Self.members, peers: []))
    #expect(note.repositories.map(\.text) == ["team/app", "team/other"])
    #expect(note.torrent.digest == Self.digest && note.torrent.size == 20_000 && note.torrent.pieceBytes == 16_384)
    #expect(note.torrent.info == Array("d4:name5:helloe".utf8) && note.torrent.infoHash.version == .v2)
    #expect(note.torrent.pieceLayer == [UInt8](repeating: 7, count: 64))
    #expect(note.encoded == written)
  }

  @Test func aNoteOfStrangersIsReadAndWrittenTheSame() throws {
    let (note, written) = try Self.read(Self.ofStrangers)
    let peers = [PeerEndpoint(address: "192.0.2.1", port: 6881), PeerEndpoint(address: "2001:db8::1", port: 1)]
    #expect(note.origin == .peers(peers, in: .public))
    #expect(note.torrent.trackers == ["http://tracker.example/announce"] && note.torrent.infoHash.version == .v1)
    #expect(note.encoded == written)
  }
}
