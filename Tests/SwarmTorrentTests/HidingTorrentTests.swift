import CTorrent
import SwarmCore
import Testing

@testable import SwarmTorrent

/// What words come to, without a session.
@Suite struct HidingTorrentTests {
  private func word(_ kind: ct_word_kind, _ peer: UInt32, _ piece: Int32 = 0, _ count: Int32 = 0, flags: UInt16 = 0)
    -> ct_word
  {
    ct_word(torrent: 1, peer: peer, kind: UInt16(kind.rawValue), flags: flags, piece: piece, count: count)
  }

  private func torrent(_ here: [Int] = []) -> HidingTorrent { HidingTorrent(pieceCount: 64, here: here) }

  @Test func aPeerThatWaitsToBeShownSomethingIsShownTheFrontAndOthersNothing() {
    var torrent = torrent()
    #expect(torrent.take(word(CT_WORD_JOINED, 1), at: 0) == [])
    let steps = torrent.take(word(CT_WORD_JOINED, 2, flags: UInt16(CT_JOINED_VEILED.rawValue)), at: 1)
    #expect(steps == [.show(PeerID(2), [0, 1, 2, 3])])
    #expect(torrent.take(word(CT_WORD_LEFT, 2), at: 2) == [])
    #expect(torrent.hasPeers)
    #expect(torrent.take(word(CT_WORD_LEFT, 1), at: 3) == [])
    #expect(!torrent.hasPeers)
  }

  @Test func aSeedThatShowsNothingIsCutWhenItsTimeIsOver() {
    var torrent = torrent()
    _ = torrent.take(word(CT_WORD_JOINED, 7), at: 0)
    #expect(torrent.take(word(CT_WORD_SWALLOWED, 7), at: 1_000) == [])
    #expect(torrent.nextTick == 1_001_000)
    #expect(torrent.tick(at: 1_000_999) == [])
    #expect(torrent.tick(at: 1_001_000) == [.cut(PeerID(7))])
    #expect(torrent.nextTick == nil)
  }

  @Test func whatReadersWaitForIsSuggestedToSeedsThatComeLaterAsWell() {
    var torrent = torrent([5])
    _ = torrent.take(word(CT_WORD_JOINED, 7), at: 0)
    #expect(torrent.take(word(CT_WORD_HURRIED, 0, 4, 4), at: 0) == [])
    #expect(torrent.take(piece: 6, at: 1) == [])
    // Piece 5 was here from the start, piece 6 has come meanwhile.
    #expect(torrent.take(word(CT_WORD_SWALLOWED, 7), at: 2) == [.suggest(PeerID(7), [4, 7])])
    #expect(torrent.take(word(CT_WORD_HURRIED, 0, 9, 1), at: 3) == [.suggest(PeerID(7), [9])])
  }

  @Test func oneOfManySendersIsAskedForFewerBlocksAndOneOfTwoForAll() {
    var torrent = torrent()
    for peer: UInt32 in 1...3 { _ = torrent.take(word(CT_WORD_JOINED, peer), at: 0) }
    // A thousand blocks a second, the quickest after 10 ms, and 40 ms more may wait.
    #expect(torrent.take(word(CT_WORD_PACE, 1, 10_000, 1000, flags: 3), at: 0) == [.deepen(PeerID(1), 50)])
    #expect(torrent.take(word(CT_WORD_PACE, 1, 10_000, 1000, flags: 3), at: 0) == [])
    #expect(torrent.take(word(CT_WORD_PACE, 1, 10_000, 1000, flags: 2), at: 0) == [.deepen(PeerID(1), 1500)])
    // One that has left is not spoken to.
    _ = torrent.take(word(CT_WORD_LEFT, 2), at: 0)
    #expect(torrent.take(word(CT_WORD_PACE, 2, 10_000, 1000, flags: 3), at: 0) == [])
  }
}
