import RegistryCore
import Testing

@testable import FleetCore

@Suite struct InviteBookTests {
  private let bench = JoinBench()
  private var book = InviteBook()

  private mutating func invite(at now: Int64 = 0) {
    #expect(book.issue(bench.token.id, bench.token.secret, at: now, notary: JoinBench.notary) != nil)
  }

  private func verdict(
    _ request: JoinRequest, binding: [UInt8] = JoinBench.binding, at now: Int64 = 1, _ notary: some JoinNotary
  ) -> InviteBook.Verdict {
    book.verdict(on: request, in: bench.fleet.directory.fleet, binding: binding, at: now, notary: notary)
  }

  private func verdict(_ request: JoinRequest, binding: [UInt8] = JoinBench.binding, at now: Int64 = 1)
    -> InviteBook.Verdict
  { verdict(request, binding: binding, at: now, JoinBench.notary) }

  @Test mutating func anInvitationIsGoodForOneNode() {
    invite()
    #expect(verdict(bench.request()) == .good && verdict(bench.request(3)) == .good)
    #expect(book.redeem(bench.token.id, by: key(2), at: 1)?.usedBy == key(2))
    #expect(verdict(bench.request()) == .repeated, "who did not hear the answer gets it again")
    #expect(verdict(bench.request(3)) == .refused)
    #expect(book.redeem(bench.token.id, by: key(3), at: 1) == nil)
    #expect(book.redeem(bench.token.id, by: key(2), at: 1) != nil)
  }

  @Test mutating func whoLeavesByItselfMayComeBackWithWhatItCameWithAndNobodyElse() throws {
    invite()
    #expect(book.handBack(by: key(2), at: 1).isEmpty, "nobody has used it")
    _ = book.redeem(bench.token.id, by: key(2), at: 1)
    #expect(book.handBack(by: key(3), at: 2).isEmpty)
    let returned = try #require(book.handBack(by: key(2), at: 2).first)
    #expect(returned.isHandedBack && book.handBack(by: key(2), at: 2).isEmpty)
    #expect(verdict(bench.request()) == .good && verdict(bench.request(3)) == .refused)
    #expect(book.redeem(bench.token.id, by: key(3), at: 3) == nil)
    #expect(book.redeem(bench.token.id, by: key(2), at: 3)?.isHandedBack == false)
    #expect(verdict(bench.request()) == .repeated, "used once more")
    book.restore(returned)
    #expect(verdict(bench.request()) == .good, "it could not be kept")
    #expect(verdict(bench.request(), at: InviteBook.lifeMilliseconds) == .refused)
    #expect(book.handBack(by: key(2), at: InviteBook.lifeMilliseconds).isEmpty)
  }

  /// Otherwise a node with two invitations would come back with the second when it was put out.
  @Test mutating func whoIsLetInHasNothingLeftOfWhatItHandedBack() throws {
    let id = try #require(InviteID([UInt8](repeating: 9, count: 8)))
    invite()
    let second = book.issue(id, bench.token.secret, at: 0, notary: JoinBench.notary)
    #expect(second != nil)
    for used in [bench.token.id, id] { _ = book.redeem(used, by: key(2), at: 1) }
    #expect(book.handBack(by: key(2), at: 2).count == 2)
    _ = book.redeem(id, by: key(2), at: 3)
    #expect(book.useUp(by: key(3)).isEmpty)
    #expect(book.useUp(by: key(2)).map(\.id) == [bench.token.id])
    #expect(verdict(bench.request()) == .repeated && book.all.allSatisfy { !$0.isHandedBack })
  }

  @Test mutating func anInvitationIsGoodForFifteenMinutes() {
    invite(at: 1000)
    let end = 1000 + InviteBook.lifeMilliseconds
    #expect(verdict(bench.request(), at: end - 1) == .good && verdict(bench.request(), at: end) == .refused)
    #expect(book.redeem(bench.token.id, by: key(2), at: end) == nil)
    #expect(book.knows(bench.token.id, at: end - 1) && !book.knows(bench.token.id, at: end))
    #expect(!InviteBook().knows(bench.token.id, at: 0))
    #expect(book.drop(at: end - 1).isEmpty && book.drop(at: end) == [bench.token.id] && book.all.isEmpty)
  }

  @Test mutating func whatIsNotProvenIsRefused() {
    invite()
    let other = JoinBench.token(["192.0.2.1:1"], secret: 6)
    #expect(verdict(bench.request(token: other)) == .refused)
    #expect(verdict(bench.request(), binding: [9]) == .refused, "a proof was carried to another connection")
    #expect(verdict(bench.request(signer: 3)) == .refused, "somebody let a key in that he does not have")
    #expect(verdict(bench.request(cardOf: 3)) == .refused)
    let foreign = book.verdict(
      on: bench.request(), in: FleetID.none, binding: JoinBench.binding, at: 1, notary: JoinBench.notary)
    #expect(foreign == .refused)
    #expect(verdict(bench.request()) == .good)
  }

  @Test mutating func whoStealsTheProofCannotUseItForHisOwnKey() throws {
    invite()
    let seen = bench.request().draft
    let draft = try #require(
      JoinRequest.Draft(
        invite: seen.invite, key: key(3), card: bench.fleet.card(3), nonce: seen.nonce, proof: seen.proof))
    #expect(verdict(bench.sign(draft, as: 3)) == .refused)
  }

  /// Counts what is asked of it.
  private final class CountingNotary: JoinNotary, @unchecked Sendable {
    // Of one test, on one thread.
    var calls: [String] = []

    func hash(_ bytes: [UInt8]) -> RecordHash {
      calls.append("hash \(bytes.count)")
      return JoinBench.notary.hash(bytes)
    }

    func isSignature(_ signature: [UInt8], of bytes: [UInt8], by key: PublicKey) -> Bool {
      calls.append("signature \(bytes.count)")
      return JoinBench.notary.isSignature(signature, of: bytes, by: key)
    }

    func code(of bytes: [UInt8], under secret: [UInt8]) -> [UInt8] {
      calls.append("code \(bytes.count) \(secret.count)")
      return JoinBench.notary.code(of: bytes, under: secret)
    }
  }

  @Test mutating func wrongUsedAndExpiredCostTheSameWork() {
    var work: [[String]] = []
    func ask(_ request: JoinRequest, at now: Int64 = 1) {
      let notary = CountingNotary()
      #expect(verdict(request, at: now, notary) == .refused)
      work.append(notary.calls)
    }
    ask(bench.request())
    invite()
    ask(bench.request(token: JoinBench.token(["192.0.2.1:1"], secret: 6)))
    ask(bench.request(), at: .max)
    _ = book.redeem(bench.token.id, by: key(3), at: 1)
    ask(bench.request())
    #expect(Set(work).count == 1 && !work[0].isEmpty)
    let notary = CountingNotary()
    #expect(verdict(bench.request(3), at: 1, notary) == .repeated && notary.calls == work[0])
  }

  @Test mutating func thereAreOnlySoManyAndNoneTwice() {
    for number in 0..<InviteBook.limit {
      let id = InviteID(UInt64(number).bigEndianBytes)!
      #expect(book.issue(id, bench.token.secret, at: 0, notary: JoinBench.notary) != nil)
      #expect(book.issue(id, bench.token.secret, at: 0, notary: JoinBench.notary) == nil)
    }
    #expect(book.issue(bench.token.id, bench.token.secret, at: 0, notary: JoinBench.notary) == nil)
    invite(at: InviteBook.lifeMilliseconds)
    #expect(book.all.count == 1)
  }

  @Test mutating func whatIsUsedLeavesRoomForOthersUpToABound() throws {
    let hash = [UInt8](repeating: 7, count: 32)
    let used = try (0..<InviteBook.rememberedLimit).map { number in
      let id = try #require(InviteID(UInt64(number).bigEndianBytes))
      return try #require(
        Invite(id: id, secretHash: hash, expires: InviteBook.lifeMilliseconds, usedBy: key(2)))
    }
    book = InviteBook(used.dropLast())
    invite()
    book = InviteBook(used)
    #expect(book.issue(bench.token.id, bench.token.secret, at: 0, notary: JoinBench.notary) == nil)
    invite(at: InviteBook.lifeMilliseconds)
  }

  @Test mutating func whatWasHandedBackIsOpenAgain() throws {
    for number in 0..<InviteBook.limit {
      let id = try #require(InviteID(UInt64(number).bigEndianBytes))
      _ = book.issue(id, bench.token.secret, at: 0, notary: JoinBench.notary)
      _ = book.redeem(id, by: key(2), at: 1)
    }
    _ = book.handBack(by: key(2), at: 2)
    #expect(book.issue(bench.token.id, bench.token.secret, at: 2, notary: JoinBench.notary) == nil)
  }

  @Test mutating func aBookIsRestoredFromDiskAndHoldsNoSecret() throws {
    invite()
    _ = book.redeem(bench.token.id, by: key(2), at: 1)
    let kept = try #require(book.all.first)
    #expect(kept.secretHashBytes != bench.token.secret.bytes && kept.secretHashBytes.count == 32)
    let again = try #require(
      Invite(id: kept.id, secretHash: kept.secretHashBytes, expires: kept.expires, usedBy: kept.usedBy))
    book = InviteBook([again])
    #expect(verdict(bench.request()) == .repeated && verdict(bench.request(3)) == .refused)
    #expect(Invite(id: kept.id, secretHash: [1], expires: 1, usedBy: nil) == nil)
  }

  @Test func aRequestComesBackAsItWasWritten() {
    let request = bench.request()
    #expect(JoinRequest(bytes: request.bytes) == request)
    for length in 0..<request.bytes.count { #expect(JoinRequest(bytes: request.bytes.prefix(length)) == nil) }
    #expect(JoinRequest(bytes: request.bytes + [0]) == nil)
  }

  @Test func whatIsMissingOrOutOfBoundsIsNoRequest() {
    func read(_ key: BencodeValue.Key? = nil, _ value: BencodeValue? = nil) -> JoinRequest? {
      let draft = bench.request().draft
      var entries: [BencodeValue.Key: BencodeValue] = [
        "card": .bytes(draft.card.bytes), "invite": .bytes(draft.invite.bytes), "key": .bytes(draft.key.bytes),
        "nonce": .bytes(draft.nonce), "proof": .bytes(draft.proof),
      ]
      if let key { entries[key] = value }
      return JoinRequest(bytes: BencodeValue.dictionary(entries).encoded + [UInt8](repeating: 0, count: 64))
    }
    #expect(read() != nil && read("later", .integer(1)) != nil)
    for field in ["card", "invite", "key", "nonce", "proof"] as [BencodeValue.Key] {
      for bad in [nil, .integer(1), .bytes([]), .bytes([1])] as [BencodeValue?] {
        #expect(read(field, bad) == nil, "\(field) \(String(describing: bad))")
      }
    }
    #expect(read("later", .bytes([UInt8](repeating: 0, count: JoinRequest.byteLimit))) == nil)
  }
}
