import RegistryCore

/// The links of a node that is, or may come to be, in a fleet: what a link makes readable, and what an unlinked blob takes
/// away, is handed on. Told after it is so: a rumour may be late, and is a hint in any case.
struct AnnouncedContent: Content {
  let content: any Content
  /// Any thread; must not block.
  let came: @Sendable (Digest) -> Void
  let went: @Sendable (Digest) -> Void

  func link(_ blob: StoredBlob, ticket: TicketEntry?, to repository: RepositoryName) async throws(RegistryError) {
    try await content.link(blob, ticket: ticket, to: repository)
    came(blob.digest)
  }

  func linkedSize(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64? {
    try await content.linkedSize(of: digest, in: repository)
  }

  func unlink(
    _ digest: Digest, from repository: RepositoryName, refusingNeeded: Bool
  ) async throws(RegistryError) -> UnlinkOutcome {
    let outcome = try await content.unlink(digest, from: repository, refusingNeeded: refusingNeeded)
    if outcome == .unlinked, try await content.holder(of: digest) == nil { went(digest) }
    return outcome
  }

  func manifest(needing blob: Digest, in repository: RepositoryName) async throws(RegistryError) -> Digest? {
    try await content.manifest(needing: blob, in: repository)
  }

  func holder(of digest: Digest) async throws(RegistryError) -> RepositoryName? {
    try await content.holder(of: digest)
  }

  func owedUnshelvings(limit: Int) async throws(RegistryError) -> [OwedUnshelving] {
    try await content.owedUnshelvings(limit: limit)
  }

  func settle(_ owed: OwedUnshelving) async throws(RegistryError) { try await content.settle(owed) }
}
