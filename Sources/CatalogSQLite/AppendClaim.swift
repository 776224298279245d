import RegistryCore

/// What this node says: signed, chained and added to its log, and the state derived in the same transaction.
extension WriteTransaction {
  /// Claims that a manifest is present and keeps what its document says.
  mutating func claimPresent(
    _ digest: Digest, as document: ManifestDocument, in repository: KnownRepository
  ) throws(RegistryError) {
    try claim(.manifest(repository.name, digest, .present(document.facts)), in: repository, document: document)
  }

  mutating func claimGone(_ digest: Digest, in repository: KnownRepository) throws(RegistryError) {
    try claim(.manifest(repository.name, digest, .gone), in: repository)
  }

  mutating func claim(_ tag: Tag, names digest: Digest?, in repository: KnownRepository) throws(RegistryError) {
    try claim(.tag(repository.name, tag, digest), in: repository)
  }

  /// A claim that would not decide is not made: its caller would be told of a change that is none.
  mutating func claim(
    _ statement: Claim.Statement, in repository: KnownRepository, document: ManifestDocument? = nil
  ) throws(RegistryError) {
    let signed = log.append(
      statement.name, value: statement.value, wallClockMilliseconds: clock.millisecondsSince1970, notary: notary)
    try connection.insert(signed, writer: log.row, repository: repository.row)
    let name = KnownName(repository: repository, kind: signed.body.kind, key: signed.body.key)
    let own = Standing(candidate: NameCandidate(signed.body), statement: statement)
    guard try stands(own.candidate, for: name) else { throw .ruledOut(statement) }
    try write(own, of: name, document: document)
  }
}

extension RegistryError {
  fileprivate static func ruledOut(_ statement: Claim.Statement) -> RegistryError {
    switch statement {
    case .tag(let repository, let tag, _):
      RegistryError(
        .denied,
        "the fleet's rules keep \(repository):\(tag) as it is: its tags are immutable, or this node may not write it")
    case .manifest(let repository, _, _):
      RegistryError(.denied, "the fleet's rules do not let this node write \(repository)")
    }
  }
}
