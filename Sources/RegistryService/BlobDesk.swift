import RegistryCore
import Telemetry

/// Blobs that are here, as one repository sees them. A digest alone reads nothing: the repository must be linked to it.
public struct BlobDesk: Sendable {
  private let ports: RegistryPorts
  private let rules: RegistryRules
  private let gate: KeyedGate<Digest>
  private let backfill: TicketBackfill

  init(_ ports: RegistryPorts, rules: RegistryRules, gate: KeyedGate<Digest>, backfill: TicketBackfill) {
    self.ports = ports
    self.rules = rules
    self.gate = gate
    self.backfill = backfill
  }

  public func size(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64 {
    guard let size = try await ports.content.linkedSize(of: digest, in: repository) else {
      throw RegistryError.noSuchBlob(digest, repository)
    }
    return size
  }

  public func holds(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await ports.content.linkedSize(of: digest, in: repository) != nil
  }

  public func open(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> any BlobReader {
    let size = try await size(of: digest, in: repository)
    guard let reader = try await ports.blobs.open(digest) else {
      ports.log.error(
        "a linked blob is not in the store", LogField("digest", digest.description),
        LogField("repository", repository.text))
      throw RegistryError.noSuchBlob(digest, repository)
    }
    guard reader.size == size else {
      throw RegistryError(
        .internal, "the node's copy of this blob is damaged; push it again",
        cause: "\(digest) has \(reader.size) bytes, linked with \(size)")
    }
    return reader
  }

  /// Lets `repository` read a blob that another repository holds already. `false`: it is not there to be mounted.
  /// - Parameter source: `nil` when the client leaves it to us to find one.
  public func mount(
    _ digest: Digest, from source: RepositoryName?, into repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    try await gate.pass(digest) { () async throws(RegistryError) in
      let asked = if let source { source } else { try await ports.content.holder(of: digest) }
      guard let holder = asked, let size = try await ports.content.linkedSize(of: digest, in: holder),
        try await ports.blobs.size(of: digest) == size
      else { return false }
      try await ports.content.link(StoredBlob(digest: digest, size: size), to: repository)
      backfill.notice(arrivalIn: repository)
      return true
    }
  }

  public func delete(_ digest: Digest, from repository: RepositoryName) async throws(RegistryError) {
    let outcome = try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.content.unlink(digest, from: repository, refusingNeeded: rules.keepsNeededBlobs)
    }
    switch outcome {
    case .unlinked: return
    case .absent: throw RegistryError.noSuchBlob(digest, repository)
    case .needed(let manifest):
      throw RegistryError(
        .blobNeeded, "manifest \(manifest) of \(repository) names this blob; delete that manifest first",
        detail: [manifest.description])
    }
  }
}

extension RegistryError {
  static func noSuchBlob(_ digest: Digest, _ repository: RepositoryName) -> RegistryError {
    RegistryError(.blobUnknown, "\(repository) has no blob \(digest)", detail: [digest.description])
  }
}
