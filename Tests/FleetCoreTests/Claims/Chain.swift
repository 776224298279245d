import FleetCore
import RegistryCore
import RegistryTesting

/// A writer's log, made by hand.
struct Chain {
  static let repository = try? RepositoryName(parsing: "team/app")

  let notary: SimulatedNotary
  let writer: WriterID
  private(set) var claims: [SignedClaim] = []
  private var hash: ClaimHash

  init(_ notary: SimulatedNotary, in fleet: FleetID = .none, epoch: Int64 = 1) {
    self.notary = notary
    writer = WriterID(node: notary.node, epoch: epoch)
    hash = ClaimHash(notary.hash(writer.rootBytes(in: fleet)).bytes)!
  }

  var head: ClaimHead { ClaimHead(sequence: Int64(claims.count), hash: hash) }

  /// - Parameter clock: in milliseconds; what is not said rises by one.
  mutating func say(_ text: String, at clock: Int64? = nil) {
    let last = claims.last?.body.clock.milliseconds ?? SimulatedClock.start
    let body = SignedClaim.Body(
      writer: writer, sequence: Int64(claims.count) + 1, clock: HybridTime(milliseconds: clock ?? last + 1), kind: .tag,
      repository: Chain.repository!, key: Array("latest".utf8), value: Array(text.utf8),
      previous: hash)
    let claim = SignedClaim(body, signature: notary.sign(body.signedBytes))!
    claims.append(claim)
    hash = ClaimHash(notary.hash(claim.chainedBytes).bytes)!
  }

  mutating func say(_ texts: ClosedRange<Int>) {
    for text in texts { say("\(text)") }
  }

  func run(after: Int64 = 0, through last: Int64 = .max) -> ClaimRun? {
    ClaimRun(after: after, claims.filter { after < $0.body.sequence && $0.body.sequence <= last })
  }
}

enum SimulatedClock {
  static let start: Int64 = 1_700_000_000_000
}
