import RegistryCore
import Telemetry

/// Blobs that are here, as one repository sees them. A digest alone reads nothing: the repository must be linked to it.
public struct BlobDesk: Sendable {
  private let ports: RegistryPorts
  private let rules: RegistryRules
  private let gate: KeyedGate<Digest>
  private let backfill: TicketBackfill
  /// Blobs on their way here; `nil` for a node that fetches none.
  private let arriving: RemoteBlobFetches?
  private let swarm: SwarmDesk?
  /// What other members hold; `nil` for a node that is alone.
  private let far: FarContent?

  init(
    _ ports: RegistryPorts, rules: RegistryRules, gate: KeyedGate<Digest>, backfill: TicketBackfill,
    arriving: RemoteBlobFetches?, swarm: SwarmDesk?, far: FarContent?
  ) {
    self.arriving = arriving
    self.far = far
    self.swarm = swarm
    self.ports = ports
    self.rules = rules
    self.gate = gate
    self.backfill = backfill
  }

  /// The size of a blob that the repository may read: here, on its way here, or with another member.
  public func size(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64 {
    if let size = try await ports.content.linkedSize(of: digest, in: repository) { return size }
    if let blob = arriving?.arriving(digest, for: repository) { return blob.size }
    if let size = try await far?.size(of: digest, in: repository) { return size }
    return try await arrivedSize(of: digest, in: repository)
  }

  public func holds(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await ports.content.linkedSize(of: digest, in: repository) != nil
  }

  /// A reader of a blob that is here. One that is on its way here for this repository is read as it arrives, and fails
  /// in the end if the bytes turn out not to be its; one that another member holds sets out now.
  public func open(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> any BlobReader {
    if let reader = try await openHere(digest, in: repository) { return reader }
    if let far {
      // A fetch that began may have failed before it was looked at; who tries again is told why.
      for _ in 0..<Self.begunAtMost {
        try await far.begin(digest, in: repository)
        if let reader = try await openArrived(digest, in: repository) { return reader }
      }
      throw .heldByNobody(digest)
    }
    guard let reader = try await openArrived(digest, in: repository) else { throw .noSuchBlob(digest, repository) }
    return reader
  }

  private static let begunAtMost = 2

  private func openArrived(
    _ digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> (any BlobReader)? {
    if let reader = try await openHere(digest, in: repository) { return reader }
    // It may have ended, and linked the blob, between the two looks.
    guard arriving != nil else { return nil }
    return try await openHere(digest, in: repository)
  }

  /// The same for who may not send this node to others: they were asked by one of them. `nil`: it is not here.
  public func openHere(
    _ digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> (any BlobReader)? {
    guard let size = try await ports.content.linkedSize(of: digest, in: repository) else {
      return arriving?.arriving(digest, for: repository)
    }
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

  /// For one who found neither a link nor a fetch: the fetch may have ended, and linked the blob, between the two looks.
  private func arrivedSize(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64 {
    guard arriving != nil, let size = try await ports.content.linkedSize(of: digest, in: repository) else {
      throw RegistryError.noSuchBlob(digest, repository)
    }
    return size
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
    // In a fleet what a present manifest names comes back with the next question: to say that it went would be a lie.
    if let manifest = try await far?.manifest(needing: digest, in: repository) {
      throw Self.needed(digest, by: manifest, in: repository)
    }
    let outcome = try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.content.unlink(digest, from: repository, refusingNeeded: rules.keepsNeededBlobs)
    }
    switch outcome {
    case .unlinked: await swarm?.reconsider(digest)
    case .absent: throw RegistryError.noSuchBlob(digest, repository)
    case .needed(let manifest): throw Self.needed(digest, by: manifest, in: repository)
    }
  }

  private static func needed(
    _ digest: Digest, by manifest: Digest, in repository: RepositoryName
  ) -> RegistryError {
    RegistryError(
      .blobNeeded, "manifest \(manifest) of \(repository) names this blob; delete that manifest first",
      detail: [manifest.description])
  }
}

extension RegistryError {
  static func noSuchBlob(_ digest: Digest, _ repository: RepositoryName) -> RegistryError {
    RegistryError(.blobUnknown, "\(repository) has no blob \(digest)", detail: [digest.description])
  }
}
