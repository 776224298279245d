import RegistryCore

/// What every implementation of `ClaimLedger` does.
public enum ClaimLedgerContract {
  public static let clauses = writing + admitting + waiting + ruling + beginning + rebasing + shortening
}

/// A ledger that holds nothing yet, and how to speak and listen to its node.
public struct LedgerSubject: Sendable {
  public let ledger: any ClaimLedger & LogShortening
  /// Who signs with a `HashNotary`.
  public let node: NodeID
  /// Makes the node say something.
  public let claim: @Sendable (Claim.Statement) async throws -> Void
  /// The value that a name has now; `nil`: it names nothing.
  public let standing: @Sendable (ClaimedName) async throws -> [UInt8]?
  /// The node's wall clock, in milliseconds.
  public let now: @Sendable () -> Int64
  public let moveClock: @Sendable (_ milliseconds: Int64) -> Void

  public init(
    ledger: any ClaimLedger & LogShortening, node: NodeID,
    claim: @escaping @Sendable (Claim.Statement) async throws -> Void,
    standing: @escaping @Sendable (ClaimedName) async throws -> [UInt8]?, now: @escaping @Sendable () -> Int64,
    moveClock: @escaping @Sendable (_ milliseconds: Int64) -> Void
  ) {
    (self.ledger, self.node, self.claim, self.standing) = (ledger, node, claim, standing)
    (self.now, self.moveClock) = (now, moveClock)
  }
}

/// One sentence of the contract and the check that it holds, on a ledger that holds nothing yet.
public struct LedgerClause: Sendable, CustomStringConvertible {
  public let description: String
  public let check: @Sendable (LedgerSubject) async throws -> Void

  init(_ sentence: String, _ check: @escaping @Sendable (LedgerSubject) async throws -> Void) {
    description = sentence
    self.check = check
  }
}

extension LedgerSubject {
  var notary: HashNotary { HashNotary(node) }

  /// So many milliseconds from now.
  func time(_ offset: Int64 = 0, counter: Int64 = 0) -> HybridTime {
    HybridTime(rawValue: HybridTime(milliseconds: now() + offset).rawValue + counter)
  }

  func expect(_ statement: Claim.Statement, _ words: String) async throws {
    let seen = try await standing(statement.name)
    try CatalogViolation.unlessEqual(seen, statement.value, words)
  }

  func expectNothing(_ name: ClaimedName, _ words: String) async throws {
    let seen = try await standing(name)
    try CatalogViolation.unlessEqual(seen, nil, words)
  }

  @discardableResult
  func admit(_ scribe: Scribe, after: Int64 = 0, upTo last: Int64 = .max) async throws -> Admission {
    guard let run = scribe.run(after: after, upTo: last) else {
      throw CatalogViolation(description: "a scribe that has said nothing")
    }
    return try await ledger.admit(run)
  }

  /// All that is here of a writer, checked.
  func log(of writer: WriterID, in fleet: FleetID = .none) async throws -> [SignedClaim] {
    guard let run = try await ledger.run(of: writer, after: 0, byteLimit: .max) else { return [] }
    let fault = run.fault(after: notary.root(of: writer, in: fleet), notary: notary)
    try CatalogViolation.unlessEqual(fault, nil, "what is wrong with a log")
    return run.claims
  }
}

extension Claim.Statement {
  static func tag(_ text: String, _ target: String?, in repository: String = "team/app") throws -> Claim.Statement {
    .tag(try RepositoryName(parsing: repository), try Tag(parsing: text), target.map { .of($0) })
  }

  static func manifest(
    _ text: String, size: Int? = 7, in repository: String = "team/app"
  ) throws -> Claim.Statement {
    let facts = size.map { ManifestFacts(mediaType: .ociManifest, size: $0, subject: nil, artifactType: nil) }
    return .manifest(try RepositoryName(parsing: repository), .of(text), facts.map { .present($0) } ?? .gone)
  }
}
