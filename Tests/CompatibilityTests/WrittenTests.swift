import FleetCore
import FoundationEssentials
import OpenSSLKit
import RegistryCore
import Testing

@testable import CatalogSQLite
@testable import FleetService

/// What earlier releases sent and kept is read by this one and would be written the same: they run beside it, and it is
/// started on their folders.
///
/// When something new is written, the release that writes it gets a file of its own; a file of a release that was given
/// out is never changed.
@Suite struct WrittenTests {
  @Test(arguments: Written.releases) func whatAReleaseWroteIsReadAndWrittenTheSame(_ release: String) throws {
    let written = try Written.all(by: release)
    #expect(written.count > 40)
    for each in written where each.kind != "migration" {
      let again = try Self.rewritten(each)
      #expect(again == each.bytes, "\(release): \(each.kind) \(each.name)")
    }
  }

  /// A spelling that was changed by accident is noticed here, and one that was meant gets its line.
  @Test func whatThisReleaseWritesIsWhatIsCheckedIn() throws {
    let last = try #require(Written.releases.last)
    let (written, today) = (try Written.all(by: last), WritingToday.all)
    for each in today where !written.contains(each) { Issue.record("not in Written/\(last).txt: \(each.line)") }
    for each in written where !today.contains(each) { Issue.record("written no more: \(each.kind) \(each.name)") }
  }

  /// Migrations that were given out are never edited: who has run them does not run them again.
  @Test(arguments: Written.releases) func theMigrationsOfAReleaseAreTheFirstOfThisOne(_ release: String) throws {
    let before = try Written.all(by: release).filter { $0.kind == "migration" }
    let today = WritingToday.all.filter { $0.kind == "migration" }
    #expect(Array(today.prefix(before.count)) == before)
  }

  @Test(arguments: Written.releases) func whatWasSignedIsStillBelieved(_ release: String) throws {
    let keys = WritingToday.issuer
    let fleetKey = try #require(PublicKey(WritingToday.fleetKey.publicBytes))
    let written = try Written.all(by: release)
    for each in written where each.kind == "record" {
      #expect(FleetRecord(bytes: each.bytes)?.isSigned(by: fleetKey, keys) == true, "\(each.name)")
    }
    for each in written where each.kind == "card" {
      #expect(MemberCard(bytes: each.bytes)?.isSigned(by: WritingToday.member.publicKey, keys) == true)
    }
    for each in written where each.kind == "fork" {
      #expect(ForkProof(bytes: each.bytes)?.isSigned(by: WritingToday.member.publicKey, keys) == true)
    }
    let claims = written.filter { $0.kind == "claim" }.compactMap { SignedClaim(bytes: $0.bytes[...]) }
    let run = try #require(ClaimRun(after: 0, claims))
    let notary = OneWriter(keys: keys, key: WritingToday.member.publicKey)
    let root = ClaimHead(sequence: 0, hash: notary.hash(run.writer.rootBytes(in: WritingToday.fleet)))
    #expect(claims.count == 5 && run.fault(after: root, notary: notary) == nil)
  }

  /// Written/later.txt: the same messages as a release to come may send them, with a record, a proof, a card and claims
  /// among the rest that this one cannot read.
  @Test func whatALaterReleaseSaysIsReadAsFarAsItGoes() throws {
    let (today, later) = (try Written.all(by: "0.2.0"), try Written.all(by: "later"))
    for each in later {
      let same = try #require(today.first { $0.kind == each.kind && $0.name == each.name })
      let read = try Self.rewritten(each)
      #expect(each.bytes != same.bytes && read == same.bytes, "\(each.kind) \(each.name)")
    }
    let passedOver = later.map { $0.kind == "message" ? FleetMessage.read($0.bytes)?.passedOver : 0 }
    #expect(passedOver == [3, 6, 0])
  }

  /// What is read of it, as bytes again.
  private static func rewritten(_ each: Written) throws -> [UInt8]? {
    let bytes = each.bytes
    return switch each.kind {
    case "claim": SignedClaim(bytes: bytes[...])?.bytes
    case "fork": ForkProof(bytes: bytes)?.bytes
    case "record": FleetRecord(bytes: bytes)?.bytes
    case "card": MemberCard(bytes: bytes)?.bytes
    case "message": FleetMessage(bytes: bytes)?.bytes
    case "join-request": JoinRequest(bytes: bytes)?.bytes
    case "join-answer": JoinAnswer(bytes: bytes)?.bytes
    case "invite": Invite(bytes: bytes)?.bytes
    case "token": Array(try InviteToken(parsing: String(decoding: bytes, as: UTF8.self)).text.utf8)
    case "rules":
      Array(
        try RulesDocument(try JSONDecoder().decode(RulesDocument.self, from: Data(bytes)).rules()).text().utf8)
    default: nil
    }
  }
}

/// Knows one key.
private struct OneWriter: ClaimNotary {
  let keys: FleetKeys
  let key: PublicKey

  func hash(_ bytes: [UInt8]) -> ClaimHash { ClaimHash(StreamingHash.hash(bytes, .sha256))! }

  func sign(_ bytes: [UInt8]) -> [UInt8] { keys.sign(bytes) }

  func isSignature(_ signature: [UInt8], of bytes: [UInt8], by node: NodeID) -> Bool {
    node == key.node(keys) && keys.isSignature(signature, of: bytes, by: key)
  }
}
