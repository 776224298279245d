import FleetCore
import RegistryCore

/// What a node knows of its fleet over a restart: the directory's records and proofs, the members' cards.
struct FleetMemory: Sendable {
  private let statements: any Statements

  init(_ statements: any Statements) { self.statements = statements }

  /// What was kept, as far as this release reads it.
  func load(_ fleetKey: PublicKey, _ keys: FleetKeys) async throws(RegistryError) -> (Directory, CardBook) {
    var directory = Directory(fleetKey: fleetKey, notary: keys)
    for statement in try await statements.all(on: .record) {
      if let record = FleetRecord(bytes: statement.value) { _ = directory.restore(record, notary: keys) }
    }
    for statement in try await statements.all(on: .fork) {
      if let proof = ForkProof(bytes: statement.value) { _ = directory.restore(proof, notary: keys) }
    }
    var cards = CardBook()
    for statement in try await statements.all(on: .card) {
      guard let card = MemberCard(bytes: statement.value) else { continue }
      _ = cards.restore(card, directory: directory, notary: keys)
    }
    return (directory, cards)
  }

  /// - Parameter more: kept in the same transaction.
  func keep(
    _ news: DirectoryNews, _ cards: [MemberCard], _ keys: FleetKeys, with more: [StatementChange] = []
  ) async throws(RegistryError) {
    let changes =
      news.records.map { StatementChange(.record, key: Self.key($0.subject), value: $0.bytes) }
      + news.forks.map { proof in
        StatementChange(.fork, key: proof.writer.rootBytes(in: .none), value: proof.bytes)
      } + cards.map { StatementChange(.card, key: $0.node.bytes, value: $0.bytes) } + more
    if !changes.isEmpty { try await statements.keep(changes) }
  }

  /// One record stands for each subject.
  private static func key(_ subject: FleetRecord.Subject) -> [UInt8] {
    switch subject {
    case .member(let node): Array("member ".utf8) + node.bytes
    case .issuer(let node): Array("issuer ".utf8) + node.bytes
    case .policy: Array("policy".utf8)
    case .other(let text): Array("other ".utf8) + Array(text.utf8)
    }
  }
}

extension Directory {
  /// What the statements that a node kept say together.
  public init(fleetKey: PublicKey, kept statements: [StatementChange], _ keys: FleetKeys) {
    self.init(fleetKey: fleetKey, notary: keys)
    for statement in statements where statement.shelf == .record {
      if let record = statement.value.flatMap({ FleetRecord(bytes: $0) }) { _ = restore(record, notary: keys) }
    }
  }
}
