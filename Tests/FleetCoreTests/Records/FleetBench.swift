import FleetCore
import RegistryCore

/// A fleet to try things on: its key is number 0, its first issuer node number 1.
struct FleetBench {
  static let notary = QuickNotary()

  let fleetKey = key(0)
  var directory = Directory(fleetKey: key(0), notary: notary)
  let issuer = node(1)

  func signed(_ draft: FleetRecord.Draft, by key: PublicKey? = nil) -> FleetRecord {
    FleetRecord(draft, signature: Self.notary.sign(draft.signedBytes, as: key ?? fleetKey))!
  }

  func record(
    _ number: Int64, _ statement: FleetRecord.Statement, fleet: FleetID? = nil, by key: PublicKey? = nil
  ) -> FleetRecord {
    let draft = FleetRecord.Draft(
      fleet: fleet ?? directory.fleet, number: number, issuer: issuer, time: 1_700_000_000_000, statement: statement)!
    return signed(draft, by: key)
  }

  func membership(
    _ number: Int, isMember: Bool = true, life: Int64 = 1, limits: [Int64: Int64] = [:]
  ) -> FleetRecord.Statement {
    .member(
      node(number),
      Membership(key: key(number), name: name("node-\(number)"), isMember: isMember, life: life, limits: limits)!)
  }

  @discardableResult
  mutating func take(_ record: FleetRecord) -> Taking { directory.take(record, notary: Self.notary) }

  @discardableResult
  mutating func admit(_ number: Int) throws -> FleetRecord {
    let draft = try directory.admission(
      of: key(number), named: name("node-\(number)"), by: issuer, at: 1, notary: Self.notary)
    let record = signed(draft)
    take(record)
    return record
  }

  @discardableResult
  mutating func remove(_ number: Int, lastTaken: [Int64: Int64] = [:]) throws -> FleetRecord {
    let record = signed(try directory.removal(of: node(number), lastTaken: lastTaken, by: issuer, at: 1))
    take(record)
    return record
  }

  func claim(_ number: Int, epoch: Int64 = 1, sequence: Int64, says value: String) -> SignedClaim {
    guard let repository = try? RepositoryName(parsing: "team/app") else { preconditionFailure("a name is a name") }
    let body = SignedClaim.Body(
      writer: WriterID(node: node(number), epoch: epoch), sequence: sequence, clock: HybridTime(milliseconds: 1000),
      kind: .tag, repository: repository, key: Array("v1".utf8), value: Array(value.utf8),
      previous: ClaimHash([UInt8](repeating: 7, count: 32))!)
    return SignedClaim(body, signature: Self.notary.sign(body.signedBytes, as: key(number)))!
  }

  func fork(_ number: Int, epoch: Int64 = 1, sequence: Int64, _ one: String = "a", _ other: String = "b") -> ForkProof {
    ForkProof(
      claim(number, epoch: epoch, sequence: sequence, says: one),
      claim(number, epoch: epoch, sequence: sequence, says: other))!
  }

  func card(
    _ number: Int, incarnation: Int64 = 1, addresses: [String] = ["192.0.2.1:6001"], zone: String? = nil,
    signer: Int? = nil, fleet: FleetID? = nil
  ) -> MemberCard {
    let draft = MemberCard.Draft(
      fleet: fleet ?? directory.fleet, node: node(number), incarnation: incarnation, name: name("node-\(number)"),
      addresses: addresses.compactMap { MemberAddress(parsing: $0) }, zone: zone.flatMap { Zone(parsing: $0) },
      release: "1.0", versions: ProtocolVersions(lowest: 1, highest: 1)!)!
    return MemberCard(draft, signature: Self.notary.sign(draft.signedBytes, as: key(signer ?? number)))!
  }
}
