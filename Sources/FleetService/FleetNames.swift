import FleetCore
import RegistryCore

/// What a fleet names, asked of one of its members before this node's own names are put beside it.
public struct FleetNames: Sendable {
  private let peers: any FleetPeers
  private let ledger: any ClaimLedger
  private let clock: any WallClock

  public init(_ peers: any FleetPeers, ledger: any ClaimLedger, clock: any WallClock) {
    (self.peers, self.ledger, self.clock) = (peers, ledger, clock)
  }

  /// What is to be done with this node's names when it joins.
  /// - Parameter cards: of the members that may be asked.
  public func plan(
    _ choice: NamesChoice, joining node: NodeID, rules: NameRules, cards: [MemberCard]
  ) async throws -> NameComparison.Plan {
    let mine = try await Self.ownWords(of: node, in: ledger)
    guard !mine.isEmpty else { return NameComparison.Plan() }
    let theirs = try await names(of: cards.filter { $0.node != node }, among: Set(mine.keys), rules: rules)
    let sorted = mine.sorted { $0.key.precedes($1.key) }.map { SpokenName($0.key, $0.value) }
    return try NameComparison.plan(
      choice, mine: sorted, fleet: theirs.sorted { $0.name.precedes($1.name) }, rules: rules, node: node)
  }

  /// The last word of a node on each name; a tombstone too. What does not count is not looked at.
  public static func ownWords(
    of node: NodeID, in ledger: any ClaimLedger, rules: NameRules = NameRules()
  ) async throws(RegistryError) -> [ClaimedName: [UInt8]?] {
    var words: [ClaimedName: SignedClaim.Body] = [:]
    for writer in try await ledger.heads().keys where writer.node == node {
      var last: Int64 = 0
      while let run = try await ledger.run(of: writer, after: last, byteLimit: FleetLimits.runBytes) {
        for claim in run.claims where claim.body.sequence <= rules.limit(of: writer) { note(claim.body, in: &words) }
        last = run.claims.last?.body.sequence ?? last
      }
    }
    return words.mapValues(\.value)
  }

  private static func note(_ claim: SignedClaim.Body, in words: inout [ClaimedName: SignedClaim.Body]) {
    let name = ClaimedName(repository: claim.repository, kind: claim.kind, key: claim.key)
    if let before = words[name], before.clock >= claim.clock { return }
    words[name] = claim
  }

  // MARK: - The fleet's

  private func names(
    of cards: [MemberCard], among names: Set<ClaimedName>, rules: NameRules
  ) async throws(RegistryError) -> [SpokenName] {
    for card in cards {
      if let claims = await claims(of: card, among: names) {
        return claims.compactMap { name, candidates in word(on: name, candidates, rules) }
      }
    }
    throw RegistryError(.unavailable, "no member of the fleet tells what it names; try again shortly")
  }

  private typealias Claims = [ClaimedName: [SignedClaim.Body]]

  /// `nil`: the member did not tell all.
  private func claims(of card: MemberCard, among names: Set<ClaimedName>) async -> Claims? {
    guard let question = Comparison(part: 0, of: 1, heads: []),
      case .heads(let heads) = await ask(card, .compare(question))
    else { return nil }
    var claims: Claims = [:]
    for head in heads {
      var last: Int64 = 0
      while last < head.sequence {
        guard case .runs(let runs) = await ask(card, .pull([Want(writer: head.writer, after: last)])),
          let run = runs.first, run.writer == head.writer, let end = run.claims.last?.body.sequence, end > last
        else { return nil }
        for claim in run.claims {
          let body = claim.body
          let name = ClaimedName(repository: body.repository, kind: body.kind, key: body.key)
          if names.contains(name) { claims[name, default: []].append(body) }
        }
        last = end
      }
    }
    return claims
  }

  private func ask(_ card: MemberCard, _ message: FleetMessage) async -> FleetMessage? {
    await peers.ask(card.node, at: card.draft.addresses, message)
  }

  private func word(
    on name: ClaimedName, _ claims: [SignedClaim.Body], _ rules: NameRules
  ) -> SpokenName? {
    let candidates = claims.map {
      NameCandidate(writer: $0.writer, sequence: $0.sequence, clock: $0.clock, isGone: $0.value == nil)
    }
    let winner = rules.winner(
      among: candidates, kind: name.kind, in: name.repository, now: clock.millisecondsSince1970)
    guard let winner else { return nil }
    let said = claims.first { $0.writer == winner.writer && $0.sequence == winner.sequence }
    return said.map { SpokenName(name, $0.value) }
  }
}
