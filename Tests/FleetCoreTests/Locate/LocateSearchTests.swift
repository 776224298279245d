import RegistryCore
import Testing

@testable import FleetCore

@Suite struct LocateSearchTests {
  private var repository: RepositoryName {
    guard let name = try? RepositoryName(parsing: "team/app") else { preconditionFailure("a name is a name") }
    return name
  }

  private func question(_ blobs: Int...) -> LocateQuestion {
    LocateQuestion(repository: repository, digests: blobs.map(digest), zone: nil)!
  }

  private func answer(_ holders: [Holder]...) -> LocateAnswer { LocateAnswer(holders)! }

  private func search(_ blobs: Int..., writer: Int? = 9) -> LocateSearch {
    let question = LocateQuestion(repository: repository, digests: blobs.map(digest), zone: nil)!
    return LocateSearch(question, writer: { _ in writer.map(node) }, me: node(0), at: 0)
  }

  private func ranked(_ numbers: Int...) -> (Digest) -> [NodeID] { { _ in numbers.map(node) } }

  @Test func theFirstFiveAreAskedAtOnceAndNeverThisNode() {
    var search = search(1)
    let steps = search.begin(at: 0, ranked: ranked(0, 1, 2, 3, 4, 5, 6))
    #expect(steps == (1...5).map { .ask(node($0), question(1)) })
    #expect(search.deadline == 250)
  }

  @Test func whatIsNamedIsToldAtOnceAndOnce() {
    var search = search(1)
    _ = search.begin(at: 0, ranked: ranked(1, 2, 3))
    let (one, other) = (Holder(node(7), .complete), Holder(node(8), .partial))
    #expect(search.answered(node(1), answer([one]), at: 1) == [.found(digest(1), [one])])
    #expect(
      search.answered(node(2), answer([one, other, Holder(node(0), .partial)]), at: 2)
        == [.found(digest(1), [other])])
    #expect(search.answered(node(3), answer([]), at: 3) == [.done])
    #expect(search.deadline == nil && search.tick(at: 300).isEmpty)
  }

  @Test func theWriterIsAskedAsSoonAsNobodyElseIsLeft() {
    var search = search(1)
    _ = search.begin(at: 0, ranked: ranked(1, 2))
    #expect(search.answered(node(1), answer([]), at: 1).isEmpty)
    #expect(search.unanswered(node(2), at: 2) == [.ask(node(9), question(1))])
    #expect(search.deadline == 252)
    let writer = Holder(node(9), .complete)
    #expect(search.answered(node(9), answer([writer]), at: 3) == [.found(digest(1), [writer]), .done])
  }

  @Test func nobodyIsSaidInTime() {
    var search = search(1)
    _ = search.begin(at: 0, ranked: ranked(1, 2))
    #expect(search.tick(at: 249).isEmpty)
    #expect(search.tick(at: 250) == [.ask(node(9), question(1))])
    #expect(search.tick(at: 499).isEmpty)
    #expect(search.tick(at: 500) == [.nobody(digest(1)), .done])
    #expect(search.answered(node(1), answer([Holder(node(7), .complete)]), at: 501).isEmpty)
  }

  @Test func whoAnswersLateIsHeardWhileTheWriterIsAsked() {
    var search = search(1)
    _ = search.begin(at: 0, ranked: ranked(1))
    _ = search.tick(at: 250)
    let late = Holder(node(7), .complete)
    #expect(search.answered(node(1), answer([late]), at: 260) == [.found(digest(1), [late])])
    #expect(search.unanswered(node(9), at: 270) == [.done])
  }

  @Test func aWriterThatWasAskedOrIsThisNodeIsNotAskedAgain() {
    var asked = search(1, writer: 1)
    _ = asked.begin(at: 0, ranked: ranked(1))
    #expect(asked.answered(node(1), answer([]), at: 1) == [.nobody(digest(1)), .done])
    for writer in [0, nil] {
      var search = search(1, writer: writer)
      #expect(search.begin(at: 0, ranked: ranked(0)) == [.nobody(digest(1)), .done])
    }
  }

  @Test func aLoneQuestionIsAskedForAllLayersOfAnImage() {
    var search = search(1, 2, 3)
    let ranks: (Digest) -> [NodeID] = { $0 == digest(2) ? [node(1)] : [node(1), node(2)] }
    let steps = search.begin(at: 0, ranked: ranks)
    #expect(steps == [.ask(node(1), question(1, 2, 3)), .ask(node(2), question(1, 3))])
    let holder = Holder(node(7), .complete)
    // The second is settled: its writer is asked while the others are still waited for.
    #expect(
      search.answered(node(1), answer([holder], [], []), at: 5)
        == [.found(digest(1), [holder]), .ask(node(9), question(2))])
    #expect(search.deadline == 250)
    #expect(search.tick(at: 250) == [.ask(node(9), question(3))])
    #expect(search.answered(node(9), answer([holder]), at: 251) == [.found(digest(2), [holder])])
    #expect(search.answered(node(9), answer([]), at: 252) == [.nobody(digest(3)), .done])
  }

  @Test func anAnswerThatNobodyAskedForOrThatIsTooShortChangesNothing() {
    var search = search(1, 2)
    _ = search.begin(at: 0, ranked: ranked(1, 2))
    #expect(search.answered(node(3), answer([Holder(node(7), .complete)]), at: 1).isEmpty)
    #expect(search.answered(node(1), answer(), at: 1).isEmpty)
    #expect(search.answered(node(1), answer([Holder(node(7), .complete)]), at: 1).isEmpty)
  }

  @Test func questionsAnswersAndBatchesComeBackAsTheyWereWritten() throws {
    func view(_ value: BencodeValue) throws -> BencodeView {
      try BencodeDocument(value.encoded, within: .init(bytes: 1 << 20, depth: 8, values: 1000)).root
    }
    let longer = Digest(algorithm: .sha512, hash: [UInt8](repeating: 7, count: 64))
    for zone in [nil, Zone(parsing: "a/b")] {
      let question = LocateQuestion(repository: repository, digests: [digest(1), longer], zone: zone)!
      #expect(LocateQuestion(try view(question.bencoded)) == question)
      let batch = LeaseBatch(
        session: 3, number: 4, zone: zone,
        changes: [
          .init(longer, .complete), .init(digest(1), .partial), .init(digest(2), .wanted), .init(digest(3), nil),
        ])!
      #expect(LeaseBatch(try view(batch.bencoded)) == batch)
    }
    let answer = answer([Holder(node(1), .complete), Holder(node(2), .wanted)], [])
    #expect(LocateAnswer(try view(answer.bencoded)) == answer)
  }

  @Test func whatIsOutOfBoundsIsRefused() throws {
    func view(_ text: String) throws -> BencodeView {
      try BencodeDocument(Array(text.utf8), within: .init(bytes: 1 << 20, depth: 8, values: 1000)).root
    }
    let row = "33:\u{1}" + String(repeating: "x", count: 32)
    #expect(LocateQuestion(try view("d7:digests\(row)10:repository1:ae")) != nil)
    for bad in [
      "de", "le", "d7:digests0:10:repository1:ae", "d7:digests\(row)e", "d7:digests\(row)10:repository1:Ae",
      "d7:digests1:\u{1}10:repository1:ae", "d7:digests1:\u{3}10:repository1:ae", "d7:digestsi1e10:repository1:ae",
      "d7:digests\(row)10:repository1:a4:zone0:e",
      "d7:digests66:\(row.dropFirst(3))\(row.dropFirst(3))10:repository1:ae",
    ] { #expect(LocateQuestion(try view(bad)) == nil, "\(bad)") }
    #expect(LocateQuestion(repository: repository, digests: (0...256).map(digest), zone: nil) == nil)
    for bad in ["de", "d7:holdersi1ee", "d7:holdersli1eee", "d7:holdersl1:aee", "d7:holdersl\(row)ee"] {
      #expect(LocateAnswer(try view(bad)) == nil, "\(bad)")
    }
    #expect(LocateAnswer([(0...50).map { Holder(node($0), .complete) }]) == nil)
    #expect(LeaseBatch(try view("d6:numberi1e7:sessioni1ee")) != nil)
    for bad in [
      "de", "d6:numberi0e7:sessioni1ee", "d6:numberi1e7:sessioni0ee", "d4:gonei1e6:numberi1e7:sessioni1ee",
      "d8:complete\(row)4:gone\(row)6:numberi1e7:sessioni1ee", "d6:numberi1e7:sessioni1e4:zonei1ee",
    ] { #expect(LeaseBatch(try view(bad)) == nil, "\(bad)") }
  }
}
