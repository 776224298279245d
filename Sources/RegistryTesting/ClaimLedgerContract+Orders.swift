import RegistryCore

/// The same claims and rules in any order end in the state that `NameRules` says of all of them.
extension ClaimLedgerContract {
  public static func anyOrder(seed: UInt64) -> LedgerClause {
    LedgerClause("claimsAndRulesInAnyOrderEndInTheSameState, seed \(seed)") { subject in
      var walk = try LedgerWalk(seed: seed, subject)
      try await walk.run()
    }
  }
}

/// Several writers' claims about few names, delivered in pieces, in any order and more than once, between words of the
/// node's own and rules that change.
private struct LedgerWalk {
  private let subject: LedgerSubject
  private var random: WalkGenerator
  private var scribes: [Scribe]
  private var names: [ClaimedName] = []
  private let rulebook: [NameRules]
  private var rules = NameRules()

  init(seed: UInt64, _ subject: LedgerSubject) throws {
    self.subject = subject
    random = WalkGenerator(seed: seed)
    scribes = (1...4).map { Scribe($0 * 60) } + [Scribe(60, epoch: 2)]
    for repository in ["team/app", "fixed/app", "other"] {
      for tag in ["a", "b"] { names.append(try Claim.Statement.tag(tag, nil, in: repository).name) }
      for text in ["one", "two"] { names.append(try Claim.Statement.manifest(text, in: repository).name) }
    }
    names.append(ClaimedName(repository: try RepositoryName(parsing: "other"), kind: ClaimKind(rawValue: 9), key: [1]))
    var (limited, ruled) = (NameRules(), NameRules())
    limited.limits = [scribes[0].writer: 10, scribes[1].writer: 25]
    limited.removed = [scribes[2].writer.node]
    ruled.immutableTags = PublicPatterns(["fixed/*"])
    ruled.writers = [
      NameRules.Writers(
        repositories: PublicPatterns(["team/*"]), nodes: [scribes[1].writer.node, scribes[3].writer.node])
    ]
    ruled.limits = [scribes[3].writer: 30]
    var since = ruled
    since.immutableTags = PublicPatterns(["fixed/*", "team/app"])
    since.immutableSince = [.init(repositories: PublicPatterns(["**"]), since: subject.now() - 8_000)]
    rulebook = [NameRules(), limited, ruled, since]
  }

  mutating func run() async throws {
    try write()
    var delivered = [Int64](repeating: 0, count: scribes.count)
    while zip(scribes, delivered).contains(where: { Int64($0.claims.count) > $1 }) {
      let at = random.below(scribes.count)
      switch random.below(20) {
      case 0: try await change(to: rulebook[random.below(rulebook.count)])
      case 1: subject.moveClock(Int64(random.below(3_000)))
      case 2: try await compare()
      case 3: try await subject.claim(try .tag("b", "mine \(random.below(100))", in: "other"))
      default: try await deliver(at, &delivered)
      }
    }
    try await compare()
    for rules in rulebook {
      try await change(to: rules)
      try await compare()
    }
    subject.moveClock(200_000)
    let next = try await subject.ledger.settleDue()
    try CatalogViolation.unlessEqual(next, nil, "all is due")
    try await compare()
  }

  /// Clocks collide on purpose, and the last of some writers lie ahead.
  private mutating func write() throws {
    for at in scribes.indices {
      var time = subject.now() - 10_000
      for number in 0..<40 {
        time += Int64(1 + random.below(2)) * (number > 35 ? 8_000 : 100)
        let name = names[random.below(names.count)]
        scribes[at].say(name, value: value(of: name), at: HybridTime(milliseconds: time))
      }
    }
  }

  private mutating func value(of name: ClaimedName) -> [UInt8]? {
    switch random.below(8) {
    case 0, 1: nil
    case 2: [UInt8(random.below(256))]
    default:
      if name.kind == .tag {
        Digest.of("target \(random.below(5))").multihash
      } else {
        Claim.Statement.manifest(
          name.repository, .of("one"),
          .present(
            ManifestFacts(mediaType: .ociIndex, size: random.below(1_000), subject: nil, artifactType: nil))
        ).value
      }
    }
  }

  private mutating func deliver(_ at: Int, _ delivered: inout [Int64]) async throws {
    let after = Int64(random.below(Int(delivered[at]) + 1))
    let last = min(Int64(scribes[at].claims.count), max(after + 1, delivered[at]) + Int64(random.below(7)))
    guard let run = scribes[at].run(after: after, upTo: last) else { return }
    let added = Int(max(0, last - delivered[at]))
    delivered[at] = max(delivered[at], last)
    let admission = try await subject.ledger.admit(run)
    try CatalogViolation.unlessEqual(
      admission, .admitted(scribes[at].head(at: delivered[at]), added: added), "\(after)…\(last)")
  }

  private mutating func change(to rules: NameRules) async throws {
    self.rules = rules
    try await subject.ledger.apply(rules)
  }

  /// Against all claims that are here, taken plainly.
  private func compare() async throws {
    _ = try await subject.ledger.settleDue()
    var claims: [SignedClaim.Body] = []
    for writer in try await subject.ledger.heads().keys {
      claims += try await subject.log(of: writer).map(\.body)
    }
    for name in names {
      let about = claims.filter { $0.name == name && Claim.Statement(name, value: $0.value) != nil }
      let winner = rules.winner(
        among: about.map { NameCandidate($0) }, kind: name.kind, in: name.repository, now: subject.now())
      let expected = about.first { winner?.writer == $0.writer && winner?.sequence == $0.sequence }
      let seen = try await subject.standing(name)
      try CatalogViolation.unlessEqual(seen, expected?.value, "\(name) among \(about.count)")
    }
  }
}

/// A small generator whose walk is the same on every machine (SplitMix64).
private struct WalkGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}
