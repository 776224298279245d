import FleetCore
import RegistryCore

/// What a hostile member makes of its messages. It has its own key and nobody else's.
struct SimulatedLiar {
  let notary: SimulatedNotary
  let members: [NodeID]

  /// - Returns: `nil`: garbage that nobody can read.
  func twist(_ message: FleetMessage, _ chance: inout SplitMix64) -> FleetMessage? {
    if chance.below(4) == 0 { return garbage(message, &chance) }
    switch message {
    case .exchange(let greeting): return .exchange(twist(greeting, &chance))
    case .heads(let heads): return .heads(heads.map { twist($0, &chance) })
    case .runs(let runs): return .runs(runs.compactMap { twist($0, &chance) })
    case .push(var gossip):
      gossip.rumours = gossip.rumours.compactMap { rumour in
        twist(rumour.run, &chance).map { Gossip.Rumour($0, hops: rumour.hops) }
      }
      return .push(gossip)
    case .probed(let isThere): return .probed(!isThere)
    default: return message
    }
  }

  private func garbage(_ message: FleetMessage, _ chance: inout SplitMix64) -> FleetMessage? {
    var bytes = message.bytes
    for _ in 0...chance.below(3) { bytes[chance.below(bytes.count)] = UInt8(chance.below(256)) }
    return FleetMessage(bytes: bytes)
  }

  private func twist(_ greeting: Greeting, _ chance: inout SplitMix64) -> Greeting {
    var greeting = greeting
    greeting.heads = HeadsDigest(bytes: notary.sign([UInt8(chance.below(256))]).prefix(16)) ?? greeting.heads
    greeting.wall += Int64(chance.below(10_000_000)) - 5_000_000
    greeting.suspicions.append(
      Suspicion(node: members[chance.below(members.count)], incarnation: Int64(chance.below(4))))
    return greeting
  }

  private func twist(_ head: WriterHead, _ chance: inout SplitMix64) -> WriterHead {
    WriterHead(
      writer: head.writer, sequence: max(0, head.sequence + Int64(chance.below(7)) - 3), hash: head.hash ^ 1)
  }

  private func twist(_ run: ClaimRun, _ chance: inout SplitMix64) -> ClaimRun? {
    var claims = run.claims
    let place = chance.below(claims.count)
    switch chance.below(3) {
    case 0: claims.remove(at: place)
    case 1: claims[place] = changed(claims[place], signature: claims[place].signature, ahead: 0)
    default:
      guard run.writer.node == notary.node else { return run }
      // Another claim under the same number, and dated ahead at times: signed, for it is the writer itself.
      claims = Array(claims.prefix(place + 1))
      claims[place] = changed(claims[place], signature: nil, ahead: Int64(chance.below(2)) * 3_600_000)
    }
    return ClaimRun(after: run.after, claims)
  }

  private func changed(_ claim: SignedClaim, signature: [UInt8]?, ahead: Int64) -> SignedClaim {
    let old = claim.body
    let body = SignedClaim.Body(
      writer: old.writer, sequence: old.sequence, clock: HybridTime(rawValue: old.clock.rawValue + ahead << 16),
      kind: old.kind, repository: old.repository, key: old.key, value: [6, 6, 6], previous: old.previous)
    return SignedClaim(body, signature: signature ?? notary.sign(body.signedBytes)) ?? claim
  }
}
