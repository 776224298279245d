import RegistryCore
import Testing

@testable import FleetCore

@Suite struct JoiningTests {
  private var bench = JoinBench()
  private var joining: Joining
  private var fleet = FleetBench()

  init() throws {
    joining = Joining(
      bench.token, key: key(2), card: bench.fleet.card(2), nonce: [UInt8](repeating: 6, count: 16))
    try fleet.admit(1)
    try fleet.admit(2)
  }

  private mutating func take(_ event: Joining.Event) -> [Joining.Step] {
    joining.take(event, notary: JoinBench.notary, certificates: JoinBench.notary)
  }

  /// As far as the request.
  private mutating func prove() {
    #expect(joining.begin() == [.connect(bench.token.addresses[0])])
    let steps = take(.connected(authority: key(0), binding: JoinBench.binding))
    #expect(steps == [.send(bench.request().draft)])
  }

  private func welcome(
    certificate: [UInt8]? = nil, records: [FleetRecord]? = nil, cards: [MemberCard]? = nil
  ) -> JoinAnswer.Welcome {
    JoinAnswer.Welcome(
      certificate: certificate ?? bench.certificate(of: 2), authority: [1], records: records ?? fleet.directory.records,
      cards: cards ?? [fleet.card(1)])!
  }

  @Test mutating func whoIsInvitedJoins() throws {
    prove()
    let steps = take(.answered(JoinAnswer.welcome(welcome()).bytes))
    #expect(steps == [.hangUp, .joined(.init(fleetKey: key(0), welcome: welcome()))])
    #expect(take(.failed(reason: "late")).isEmpty)
  }

  @Test mutating func theRequestProvesTheInvitation() {
    var book = InviteBook()
    _ = book.issue(bench.token.id, bench.token.secret, at: 0, notary: JoinBench.notary)
    _ = joining.begin()
    guard case .send(let draft) = take(.connected(authority: key(0), binding: [7])).first else {
      Issue.record("nothing was sent")
      return
    }
    let request = bench.sign(draft, as: 2)
    let verdict = book.verdict(
      on: request, in: fleet.directory.fleet, binding: [7], at: 1, notary: JoinBench.notary)
    #expect(verdict == .good)
  }

  @Test(arguments: [nil, 1]) mutating func nothingIsSentToWhoIsNotOfTheFleet(authority: Int?) {
    _ = joining.begin()
    let first = take(.connected(authority: authority.map(key), binding: []))
    #expect(first == [.hangUp, .connect(bench.token.addresses[1])])
    let second = take(.connected(authority: authority.map(key), binding: []))
    guard second.first == .hangUp, case .failed(.unreachable(let reasons)) = second.last else {
      Issue.record("\(second)")
      return
    }
    #expect(reasons.count == 2 && reasons[0].contains("192.0.2.1:6001"))
  }

  @Test mutating func oneAddressAfterTheOtherIsTried() {
    _ = joining.begin()
    #expect(take(.failed(reason: "refused")) == [.connect(bench.token.addresses[1])])
    #expect(take(.connected(authority: key(0), binding: JoinBench.binding)) == [.send(bench.request().draft)])
    let end = take(.failed(reason: "it broke off"))
    #expect(end == [.failed(.unreachable(["192.0.2.1:6001: refused", "node-a.example:6001: it broke off"]))])
  }

  @Test mutating func aBusyMemberIsAskedAgainForHalfAMinuteInAll() {
    prove()
    for wait in [50, 0, 25_000, 10_000] as [Int64] {
      let steps = take(.answered(JoinAnswer.refused(.busy(milliseconds: wait)).bytes))
      // No question follows another at once, and the last wait is as long as is left.
      #expect(steps == [.hangUp, .wait(milliseconds: wait == 0 ? 1 : wait == 10_000 ? 4949 : wait)])
      #expect(take(.waited) == [.connect(bench.token.addresses[0])])
      _ = take(.connected(authority: key(0), binding: JoinBench.binding))
    }
    let busy = JoinAnswer.refused(.busy(milliseconds: 50)).bytes
    #expect(take(.answered(busy)) == [.hangUp, .failed(.refused(.busy(milliseconds: 50)))])
  }

  @Test(arguments: [.notInvited, .unreachable, .full, .otherVersion, .failed] as [JoinAnswer.Refusal])
  mutating func aRefusalIsFinalAndSaysWhatToDo(refusal: JoinAnswer.Refusal) {
    prove()
    #expect(take(.answered(JoinAnswer.refused(refusal).bytes)) == [.hangUp, .failed(.refused(refusal))])
    #expect(JoinFault.refused(refusal).description.count > 40)
  }

  private mutating func expectFalse(_ welcome: JoinAnswer.Welcome, _ comment: Comment) {
    var joining = joining
    let event = Joining.Event.answered(JoinAnswer.welcome(welcome).bytes)
    let steps = joining.take(event, notary: JoinBench.notary, certificates: JoinBench.notary)
    #expect(steps == [.hangUp, .failed(.falseAnswer)], comment)
  }

  @Test mutating func nothingIsTakenThatTheFleetsKeyDidNotSign() throws {
    prove()
    expectFalse(welcome(certificate: bench.certificate(of: 3)), "another node's certificate")
    expectFalse(welcome(certificate: bench.certificate(of: 2, by: 1)), "a certificate of another authority")
    let forged = fleet.record(9, fleet.membership(4), by: key(1))
    expectFalse(welcome(records: fleet.directory.records + [forged]), "a forged record")
    let foreign = fleet.record(9, fleet.membership(4), fleet: FleetID.none)
    expectFalse(welcome(records: fleet.directory.records + [foreign]), "a record of another fleet")
    let others = fleet.directory.records.filter { $0.subject != .member(node(2)) }
    expectFalse(welcome(records: others), "no record of the newcomer")
    expectFalse(welcome(cards: [fleet.card(1, signer: 3)]), "a forged card")
    expectFalse(welcome(cards: [fleet.card(3)]), "a card of a stranger")
    try fleet.remove(2)
    expectFalse(welcome(), "put out in the same breath")
    #expect(take(.answered([1, 2, 3])) == [.hangUp, .failed(.falseAnswer)])
  }

  @Test mutating func whatAnIssuerComposesIsBelieved() throws {
    for number in 3...40 { try fleet.admit(number) }
    var cards = CardBook()
    for number in 1...40 { _ = cards.take(fleet.card(number), directory: fleet.directory, notary: FleetBench.notary) }
    for limit in [JoinAnswer.usualByteLimit, 5000, 0] {
      let welcome = try #require(
        JoinAnswer.Welcome.composed(
          for: node(2), by: node(1), directory: fleet.directory, cards: cards, certificate: bench.certificate(of: 2),
          authority: [1], byteLimit: limit))
      var joining = joining
      _ = joining.begin()
      _ = joining.take(
        .connected(authority: key(0), binding: []), notary: JoinBench.notary, certificates: JoinBench.notary)
      let steps = joining.take(
        .answered(JoinAnswer.welcome(welcome).bytes), notary: JoinBench.notary, certificates: JoinBench.notary)
      #expect(steps == [.hangUp, .joined(.init(fleetKey: key(0), welcome: welcome))])
      let size = welcome.records.reduce(0) { $0 + $1.byteCount } + welcome.cards.reduce(0) { $0 + $1.byteCount }
      #expect(size <= max(limit, 1000))
      #expect(welcome.cards.count == welcome.records.count && (limit < 6000) == (welcome.cards.count < 40))
    }
    let stranger = JoinAnswer.Welcome.composed(
      for: node(99), by: node(1), directory: fleet.directory, cards: cards, certificate: [1], authority: [1])
    #expect(stranger == nil)
  }

  @Test func answersComeBackAsTheyWereWritten() {
    let refusals: [JoinAnswer.Refusal] = [
      .notInvited, .busy(milliseconds: 0), .busy(milliseconds: 3_600_000), .unreachable, .full, .otherVersion, .failed,
    ]
    for answer in refusals.map(JoinAnswer.refused) + [.welcome(welcome())] {
      #expect(JoinAnswer(bytes: answer.bytes) == answer)
      for length in 0..<answer.bytes.count { #expect(JoinAnswer(bytes: answer.bytes.prefix(length)) == nil) }
    }
  }

  @Test(arguments: [
    "", "le", "de", "i1e", "d7:refusedi1ee", "d7:refused4:busye", "d7:refused4:busy4:waiti-1ee",
    "d7:refused4:busy4:waiti3600001ee", "d9:authority1:a5:cardsle11:certificate1:be",
    "d9:authority0:5:cardsle11:certificate1:b7:recordslee", "d9:authority1:a5:cardsle11:certificate0:7:recordslee",
    "d9:authority1:a5:cardsli1ee11:certificate1:b7:recordslee",
    "d9:authority1:a5:cardsle11:certificate1:b7:recordsli1eee",
  ])
  func whatIsNoAnswerIsRefused(_ text: String) { #expect(JoinAnswer(bytes: Array(text.utf8)) == nil) }

  @Test func whatALaterReleaseSaysOfMembersIsPassedOver() {
    let text = "d9:authority1:a5:cardsl1:xe11:certificate1:b7:recordsl1:xee"
    let welcome = JoinAnswer.Welcome(certificate: [0x62], authority: [0x61], records: [], cards: [])
    #expect(JoinAnswer(bytes: Array(text.utf8)) == welcome.map { .welcome($0) })
  }

  @Test func aReasonOfALaterReleaseIsARefusal() {
    #expect(JoinAnswer(bytes: Array("d7:refused4:moone".utf8)) == .refused(.failed))
  }
}
