import SwarmCore
import Testing

@Suite struct HiddenSeedTests {
  @Test func eachPieceIsShownToOnePeer() {
    var shown = Shown(pieceCount: 64)
    let peers: [PeerID] = [.a, .b, .c]
    for peer in peers { shown.take(.joins(peer, isVeiled: true), at: 0) }
    var due = shown.pieces
    for time in 1...64 where shown.all.count < 64 {
      let having = due
      due = [:]
      for (peer, pieces) in having.sorted(by: { $0.key < $1.key }) {
        for piece in pieces where shown.all.count < 64 {
          due.merge(shown.take(.has(peer, piece..<piece + 1), at: Int64(time)), uniquingKeysWith: +)
        }
      }
    }
    #expect(Set(shown.all).count == 64)
    #expect(shown.seed.counts.shownAgain == 0)
    for peer in peers { #expect(shown.pieces[peer]?.isEmpty == false) }
  }

  @Test func theFirstPiecesComeFirst() {
    var shown = Shown(pieceCount: 1000) { ($0.leadingPieces, $0.firstBudget) = (16, 12) }
    #expect(shown.take(.joins(.a, isVeiled: true), at: 0)[.a] == Array(0..<12))
  }

  @Test func theBudgetIsOfAllPeersTogether() {
    var shown = Shown(pieceCount: 100) { $0.firstBudget = 4 }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.all.count == 4)
    // One piece more, so that it sees a seed; not four.
    #expect(shown.take(.joins(.b, isVeiled: true), at: 0)[.b]?.count == 1)
    #expect(shown.take(.joins(.c, isVeiled: true), at: 0)[.c]?.count == 1)
  }

  @Test func aSlowPeerGathersLittle() {
    var shown = Shown(pieceCount: 400) { ($0.firstBudget, $0.firstWindow) = (100, 3) }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.all.count == 3)
    shown.take(.joins(.b, isVeiled: true), at: 0)
    #expect(shown.all.count == 6)
  }

  @Test func whoIsQuickIsShownMore() {
    var shown = Shown(pieceCount: 400) { ($0.firstBudget, $0.firstWindow) = (4, 2) }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    shown.take(.joins(.b, isVeiled: true), at: 0)
    // a has a piece every millisecond, b every fiftieth.
    var had: [PeerID: Int] = [:]
    for time in 1...200 {
      for (peer, pause) in [(PeerID.a, 1), (PeerID.b, 50)] where time.isMultiple(of: pause) {
        guard let piece = shown.pieces[peer]?.dropFirst(had[peer] ?? 0).first else { continue }
        had[peer, default: 0] += 1
        shown.take(.has(peer, piece..<piece + 1), at: Int64(time))
      }
    }
    #expect((shown.pieces[.a]?.count ?? 0) > 5 * (shown.pieces[.b]?.count ?? 0))
  }

  @Test func aLineThatIsSlowIsNotFilled() {
    var shown = Shown(pieceCount: 2000) { $0.firstBudget = 64 }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    // A piece each 100 ms, however many were shown.
    for turn in 0..<60 {
      guard let piece = shown.pieces[.a]?[turn] else { break }
      shown.take(.has(.a, piece..<piece + 1), at: Int64(100 * (turn + 1)))
    }
    let waiting = (shown.pieces[.a]?.count ?? 0) - 60
    #expect(waiting <= 40)
  }

  @Test func whatPeersHaveIsNotShown() {
    var shown = Shown(pieceCount: 32) { $0.firstBudget = 100 }
    shown.take(.joins(.a, isVeiled: false), at: 0)
    shown.take(.has(.a, 0..<30), at: 0)
    #expect(shown.take(.joins(.b, isVeiled: true), at: 0)[.b]?.sorted() == [30, 31])
    #expect(shown.pieces[.a] == nil)
  }

  @Test func aPeerThatLeavesGivesBackWhatItWasShownAndWhatItAloneHad() {
    var shown = Shown(pieceCount: 8) { $0.firstBudget = 8 }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.pieces[.a]?.count == 8)
    shown.take(.has(.a, 0..<3), at: 1)
    shown.take(.joins(.b, isVeiled: true), at: 2)
    #expect(shown.pieces[.b] == nil)
    let given = shown.take(.leaves(.a), at: 3)
    #expect(given[.b]?.sorted() == Array(0..<8))
    #expect(shown.seed.counts.returned == 5)
  }

  @Test func aSilentPeerHoldsUpNobody() {
    var shown = Shown(pieceCount: 12) { ($0.firstBudget, $0.leadingPieces) = (2, 12) }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    shown.take(.joins(.b, isVeiled: true), at: 0)
    #expect(shown.pieces == [.a: [0, 1], .b: [2]])
    // b goes on; a says nothing any more.
    shown.take(.has(.b, 2..<3), at: 10)
    #expect(shown.pieces[.b] == [2, 3])
    // Late: others are shown what is still there.
    let due = shown.seed.nextTick
    #expect(due == 500_000)
    #expect(shown.take(.tick, at: 500)[.b] == [4, 5])
    for time in 0..<9 {
      for piece in shown.pieces[.b] ?? [] { shown.take(.has(.b, piece..<piece + 1), at: 510 + Int64(time)) }
    }
    // Nothing was left but what a was shown long ago.
    #expect(shown.pieces[.b]?.sorted() == Array(0..<12))
    #expect(shown.take(.tick, at: 3000).isEmpty)
    #expect(shown.pieces[.a] == [0, 1])
  }

  @Test func whoLetAPieceDownComesLast() {
    var shown = Shown(pieceCount: 20) { ($0.firstBudget, $0.leadingPieces) = (2, 20) }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.take(.tick, at: 3000)[.a] == [2, 3])
    shown.take(.joins(.b, isVeiled: true), at: 3001)
    #expect(shown.pieces[.b] == [1])
    // What a was shown comes back, and goes to b.
    #expect(shown.take(.has(.b, 1..<2), at: 3010)[.b] == [0])
    shown.take(.has(.b, 0..<1), at: 5990)
    #expect(shown.take(.tick, at: 6000)[.a] == nil)
    #expect(shown.pieces[.a] == [0, 1, 2, 3])
  }

  @Test func whenAllAreOutOnceEachIsOfferedWhatItLacksTheRarestFirst() {
    var shown = Shown(pieceCount: 7) { ($0.firstBudget, $0.leadingPieces, $0.lastWindow) = (7, 7, 2) }
    for peer in [PeerID.a, .b, .c] { shown.take(.joins(peer, isVeiled: true), at: 0) }
    #expect(shown.pieces == [.a: Array(0..<7)])
    for piece in 0..<5 { shown.take(.has(.a, piece..<piece + 1), at: 1) }
    // Two are still on their way from here: the line is for those.
    shown.take(.has(.c, 0..<2), at: 2)
    #expect(shown.pieces.keys.sorted() == [.a])
    shown.take(.has(.b, 5..<7), at: 3)
    let offered = shown.take(.has(.a, 5..<6), at: 3)[.b] ?? []
    #expect(offered.count == 2)
    #expect(offered.allSatisfy { 2..<5 ~= $0 })
  }

  @Test func whereWholePeersAreAsManyEverybodyIsShownEverything() {
    var shown = Shown(pieceCount: 4)
    shown.take(.joins(.a, isVeiled: true), at: 0)
    shown.take(.joins(.b, isVeiled: true), at: 0)
    shown.take(.joins(.c, isVeiled: true), at: 0)
    shown.take(.has(.a, 0..<4), at: 1)
    #expect(shown.opened.isEmpty)
    shown.take(.has(.b, 0..<4), at: 2)
    #expect(shown.opened == [.c])
    // And it is shown nothing apart from that.
    #expect(shown.take(.has(.c, 0..<1), at: 3).isEmpty)
    shown.take(.joins(.d, isVeiled: true), at: 4)
    #expect(shown.opened == [.c, .d])
  }

  @Test func whoSaysThatItHasEverythingKeepsNothingFromOthers() {
    var shown = Shown(pieceCount: 40) { $0.firstBudget = 40 }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    shown.take(.has(.a, 0..<40), at: 0)
    shown.take(.joins(.b, isVeiled: true), at: 1)
    shown.take(.joins(.c, isVeiled: true), at: 1)
    // One against two: it hides on. b was shown everything when it was one against one.
    #expect(shown.opened == [.b])
    #expect(Set(shown.pieces[.c] ?? []) == Set(0..<40))
  }

  @Test func theOneNodeOfAnOriginIsHiddenFrom() {
    var shown = Shown(pieceCount: 100)
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.opened.isEmpty)
    #expect(shown.seed.hiddenPeers == 1)
  }

  @Test func whatAReaderWaitsForIsShownAtOnceIfItIsFree() {
    var shown = Shown(pieceCount: 100) { $0.firstBudget = 2 }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.take(.wants(.a, 90), at: 1)[.a] == [90])
    #expect(shown.take(.wants(.a, 90), at: 2).isEmpty)
    #expect(shown.take(.wants(.a, 100), at: 2).isEmpty)
    #expect(shown.take(.wants(.a, -1), at: 2).isEmpty)
  }

  @Test func whatAReaderWaitsForComesFromAPeerUnlessThatTakesLong() {
    var shown = Shown(pieceCount: 100) { $0.firstBudget = 2 }
    shown.take(.joins(.a, isVeiled: true), at: 0)
    shown.take(.joins(.b, isVeiled: true), at: 0)
    #expect(shown.take(.wants(.b, 0), at: 100).isEmpty)
    shown.take(.has(.a, 0..<1), at: 200)
    #expect(shown.take(.tick, at: 1000)[.b]?.contains(0) != true)
    #expect(shown.take(.tick, at: 1100)[.b]?.contains(0) == true)
    // One that came meanwhile is wanted no more.
    shown.take(.wants(.b, 1), at: 1200)
    shown.take(.has(.b, 1..<2), at: 1300)
    #expect(shown.take(.tick, at: 2300)[.b]?.contains(1) != true)
  }

  @Test func wantsAreBounded() {
    var shown = Shown(pieceCount: 1000) { ($0.firstBudget, $0.wants) = (2, 3) }
    shown.take(.joins(.a, isVeiled: false), at: 0)
    shown.take(.has(.a, 0..<999), at: 0)
    shown.take(.joins(.b, isVeiled: true), at: 0)
    for piece in 0..<900 { shown.take(.wants(.b, piece), at: 1) }
    let granted = shown.take(.tick, at: 1001)[.b] ?? []
    #expect(granted.filter { $0 < 900 }.count <= 3 + 4)
    #expect(granted.starts(with: [0, 1, 2]))
  }

  @Test func wordsOfStrangersAreNothing() {
    var shown = Shown(pieceCount: 10)
    #expect(shown.take(.has(.a, 0..<10), at: 0).isEmpty)
    #expect(shown.take(.wants(.a, 0), at: 0).isEmpty)
    #expect(shown.take(.leaves(.a), at: 0).isEmpty)
    #expect(shown.take(.tick, at: 0).isEmpty)
    shown.take(.joins(.a, isVeiled: true), at: 0)
    #expect(shown.take(.joins(.a, isVeiled: true), at: 0).isEmpty)
    shown.take(.has(.a, -5..<99), at: 1)
    #expect(shown.seed.hiddenPeers == 0)
    #expect(shown.seed.nextTick == nil)
  }
}
