import FleetCore
import OpenSSLKit
import RegistryCore

@testable import CatalogSQLite
@testable import FleetService

/// One of each thing that this release sends or keeps, always the same: made with keys that are known to all.
struct WritingToday {
  static let fleetKey = key("MC4CAQAwBQYDK2VwBCIEIHoQZRN0rpBnh6/qmGZnrmfaj386WWyyIuRol7xJfaVS")
  static let issuer = FleetKeys(key("MC4CAQAwBQYDK2VwBCIEIHj6Zs45Qvs3rGf3zPB2QlXJsxDVtfJ0cQ6Ts73pS/7Y"))
  static let member = FleetKeys(key("MC4CAQAwBQYDK2VwBCIEIPO+kjBoe1JVe8N3v681ExO11eSAkPK4bqEmIT1DPox2"))
  static let fleet = PublicKey(fleetKey.publicBytes)!.fleet(issuer)
  static let time: Int64 = 1_700_000_000_000
  static let digest = Digest(algorithm: .sha256, hash: StreamingHash.hash([], .sha256))

  private static func key(_ line: String) -> Ed25519Key {
    Ed25519Key(pem: Array("-----BEGIN PRIVATE KEY-----\n\(line)\n-----END PRIVATE KEY-----\n".utf8))!
  }

  static var all: [Written] {
    claims + records + statements + messages + joining
      + [
        Written(kind: "token", name: "invitation", bytes: Array(token.text.utf8)),
        Written(kind: "rules", name: "names", bytes: Array(rules().utf8)),
        Written(kind: "rules", name: "names-since", bytes: Array(rules(since: time).utf8)),
      ]
      + Schema.migrations.map { migration in
        Written(
          kind: "migration", name: migration.name, bytes: StreamingHash.hash(Array(migration.script.utf8), .sha256))
      }
  }

  // MARK: - Claims

  /// A log of the member's: one claim of each sort, and one of a kind that nobody knows.
  static let log: [SignedClaim] = {
    let repository = (try? RepositoryName(parsing: "team/app"))!
    let facts = ManifestFacts(
      mediaType: .ociManifest, size: 1234, subject: digest, artifactType: "application/vnd.example.sbom")
    let tag = (try? Tag(parsing: "latest"))!
    let statements: [Claim.Statement] = [
      .manifest(repository, digest, .present(facts)), .tag(repository, tag, digest), .tag(repository, tag, nil),
      .manifest(repository, digest, .gone),
    ]
    let said =
      statements.map { ($0.name, $0.value) }
      + [(ClaimedName(repository: repository, kind: ClaimKind(rawValue: 77), key: [1, 2]), [3, 4, 5])]
    var (claims, previous) = ([SignedClaim](), ClaimHash(member.hash(writer.rootBytes(in: fleet)).bytes)!)
    for (name, value) in said {
      let number = Int64(claims.count) + 1
      let body = SignedClaim.Body(
        writer: writer, sequence: number, clock: HybridTime(milliseconds: time + number), kind: name.kind,
        repository: name.repository, key: name.key, value: value, previous: previous)
      let claim = SignedClaim(body, signature: member.sign(body.signedBytes))!
      previous = ClaimHash(member.hash(claim.chainedBytes).bytes)!
      claims.append(claim)
    }
    return claims
  }()

  static let writer = WriterID(node: member.node, epoch: 1)

  static let fork: ForkProof = {
    let one = log[1]
    let body = SignedClaim.Body(
      writer: writer, sequence: 2, clock: one.body.clock, kind: .tag, repository: one.body.repository,
      key: Array("other".utf8), value: one.body.value, previous: one.body.previous)
    return ForkProof(one, SignedClaim(body, signature: member.sign(body.signedBytes))!)!
  }()

  private static var claims: [Written] {
    zip(["manifest", "tag", "tag-gone", "manifest-gone", "unknown-kind"], log).map {
      Written(kind: "claim", name: $0, bytes: $1.bytes)
    } + [Written(kind: "fork", name: "proof", bytes: fork.bytes)]
  }

  // MARK: - Records

  static let fleetRecords: [FleetRecord] = {
    var rules = PolicyRules()
    rules.immutableTags = PublicPatterns(["release/**"])
    rules.writers = [.init(repositories: PublicPatterns(["team/**"]), nodes: [member.node])]
    rules.replicas = [.init(repositories: PublicPatterns(["**"]), count: 3)]
    let name = NodeName(parsing: "node-b")!
    let statements: [FleetRecord.Statement] = [
      .member(member.node, Membership(key: member.publicKey, name: name, isMember: true, life: 1)!),
      .member(member.node, Membership(key: member.publicKey, name: name, isMember: false, life: 1, limits: [1: 5])!),
      .issuer(issuer.node, Issuance(life: 1, mayIssue: true)), .policy((try? FleetPolicy(rules, text: "a: policy\n"))!),
      .other(subject: "later/thing", content: [1, 2, 3]),
    ]
    return statements.enumerated().map { place, statement in
      let draft = FleetRecord.Draft(
        fleet: fleet, number: Int64(place) + 1, issuer: issuer.node, time: time, statement: statement)!
      return FleetRecord(draft, signature: fleetKey.sign(draft.signedBytes))!
    }
  }()

  private static var records: [Written] {
    zip(["admission", "removal", "issuance", "policy", "later"], fleetRecords).map {
      Written(kind: "record", name: $0, bytes: $1.bytes)
    } + [Written(kind: "record", name: "policy-since", bytes: policySince.bytes)]
  }

  /// With since when tags are immutable.
  private static let policySince: FleetRecord = {
    var rules = PolicyRules()
    rules.immutableTags = PublicPatterns(["release/**"])
    let policy = (try? FleetPolicy(rules, text: "immutable: release/**\n").dated(after: FleetPolicy(), at: time))!
    let draft = FleetRecord.Draft(
      fleet: fleet, number: 6, issuer: issuer.node, time: time, statement: .policy(policy))!
    return FleetRecord(draft, signature: fleetKey.sign(draft.signedBytes))!
  }()

  static let card: MemberCard = {
    let draft = MemberCard.Draft(
      fleet: fleet, node: member.node, incarnation: time, name: NodeName(parsing: "node-b")!,
      addresses: [MemberAddress(parsing: "192.0.2.1:6001")!, MemberAddress(parsing: "node-b.example:6001")!],
      zone: Zone(parsing: "site-a/rack-3"), release: "0.2.0", versions: ProtocolVersions(lowest: 1, highest: 1)!)!
    return MemberCard(draft, signature: member.sign(draft.signedBytes))!
  }()

  private static var statements: [Written] { [Written(kind: "card", name: "member", bytes: card.bytes)] }

  // MARK: - Messages

  private static var messages: [Written] {
    let head = WriterHead(writer: writer, sequence: 5, hash: 0xFEDC_BA98_7654_3210)
    let run = ClaimRun(after: 0, log)!
    var greeting = Greeting(
      heads: HeadsDigest(bytes: [UInt8](repeating: 1, count: 16))!,
      directory: DirectoryDigest(bytes: [UInt8](repeating: 2, count: 16))!,
      cards: DirectoryDigest(bytes: [UInt8](repeating: 3, count: 16))!, incarnation: 4, wall: time,
      suspicions: [Suspicion(node: member.node, incarnation: 3)])
    let silent = greeting
    greeting.bulletin.stock = Stock(blobs: 1204, bytes: 31 << 30)
    let gossip = Gossip(
      rumours: [Gossip.Rumour(run, hops: 3)], news: DirectoryNews(records: fleetRecords, forks: [fork]), cards: [card])
    var shortened = silent
    shortened.shortenings = 3
    let blobs = [UInt8(1), 2].map { Digest(algorithm: .sha256, hash: [UInt8](repeating: $0, count: 32)) }
    let batch = LeaseBatch(
      session: 7, number: 2, zone: Zone(parsing: "site-a"), changes: [.init(blobs[0], .complete), .init(blobs[1], nil)])!
    let question = LocateQuestion(
      repository: (try? RepositoryName(parsing: "team/app"))!, digests: blobs, zone: Zone(parsing: "site-a/rack-3"))!
    let all: [(String, FleetMessage)] = [
      ("exchange", .exchange(greeting)), ("exchange-silent", .exchange(silent)),
      ("exchange-shortened", .exchange(shortened)),
      ("compare", .compare(Comparison(part: 2, of: 4, heads: [head])!)), ("heads", .heads([head, head])),
      ("pull", .pull([Want(writer: writer, after: 3)])), ("runs", .runs([run])), ("push", .push(gossip)),
      ("push-nothing", .push(Gossip())), ("news", .news(directory: ShelfSums(), cards: ShelfSums())),
      ("probe", .probe(member.node)), ("probed", .probed(true)), ("not-probed", .probed(false)),
      ("ownheads", .ownHeads), ("taken", .taken), ("busy", .busy), ("unsupported", .unsupported),
      ("announce", .announce(batch)), ("receipt", .receipt(.kept)), ("receipt-tell-all", .receipt(.tellAll)),
      ("locate", .locate(question)),
      ("located", .located(LocateAnswer([[Holder(member.node, .partial), Holder(issuer.node, .complete)], []])!)),
    ]
    return all.map { Written(kind: "message", name: $0.0, bytes: $0.1.bytes) }
  }

  // MARK: - Joining

  static let token = InviteToken(
    addresses: card.draft.addresses, fleet: fleet, id: InviteID([UInt8](repeating: 4, count: 8))!,
    secret: InviteSecret([UInt8](repeating: 5, count: 16))!, expires: time / 1000 + 900)!

  private static var joining: [Written] {
    let draft = JoinRequest.Draft(
      token, key: member.publicKey, card: card, nonce: [UInt8](repeating: 6, count: 16), binding: issuer.node.bytes,
      notary: member)!
    let request = JoinRequest(draft, signature: member.sign(draft.signedBytes))!
    // What is certified is not read here: certificates have a spelling of their own, which is OpenSSL's.
    let welcome = JoinAnswer.Welcome(
      certificate: [0x30, 1], authority: [0x30, 2], records: [fleetRecords[0]], cards: [card])!
    var book = InviteBook()
    _ = book.issue(token.id, token.secret, at: time, notary: issuer)
    let open = book.all[0]
    let used = book.redeem(token.id, by: member.publicKey, at: time)!
    let back = book.handBack(by: member.publicKey, at: time)[0]
    return [
      Written(kind: "join-request", name: "request", bytes: request.bytes),
      Written(kind: "join-answer", name: "welcome", bytes: JoinAnswer.welcome(welcome).bytes),
      Written(kind: "join-answer", name: "busy", bytes: JoinAnswer.refused(.busy(milliseconds: 50)).bytes),
      Written(kind: "join-answer", name: "not-invited", bytes: JoinAnswer.refused(.notInvited).bytes),
      Written(kind: "join-answer", name: "unreachable", bytes: JoinAnswer.refused(.unreachable).bytes),
      Written(kind: "join-answer", name: "full", bytes: JoinAnswer.refused(.full).bytes),
      Written(kind: "join-answer", name: "other-version", bytes: JoinAnswer.refused(.otherVersion).bytes),
      Written(kind: "join-answer", name: "failed", bytes: JoinAnswer.refused(.failed).bytes),
      Written(kind: "invite", name: "open", bytes: open.bytes),
      Written(kind: "invite", name: "used", bytes: used.bytes),
      Written(kind: "invite", name: "handed-back", bytes: back.bytes),
    ]
  }

  /// As the catalogue keeps them.
  private static func rules(since: Int64? = nil) -> String {
    var rules = NameRules()
    rules.immutableSince = since.map { [.init(repositories: PublicPatterns(["release/**"]), since: $0)] } ?? []
    rules.writers = [.init(repositories: PublicPatterns(["team/**"]), nodes: [member.node])]
    rules.immutableTags = PublicPatterns(["release/**"])
    rules.limits = [writer: 5]
    rules.removed = [member.node]
    return (try? RulesDocument(rules).text()) ?? ""
  }
}
