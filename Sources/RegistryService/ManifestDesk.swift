import RegistryCore
import Telemetry

/// Manifests and the tags that name them.
public struct ManifestDesk: Sendable {
  private let ports: RegistryPorts
  private let limits: RegistryLimits
  private let rules: RegistryRules
  private let gate: KeyedGate<Digest>
  private let backfill: TicketBackfill
  private let swarm: SwarmDesk?
  /// What other members hold; `nil` for a node that is alone.
  private let far: FarContent?

  init(
    _ ports: RegistryPorts, limits: RegistryLimits, rules: RegistryRules, gate: KeyedGate<Digest>,
    backfill: TicketBackfill, swarm: SwarmDesk?, far: FarContent?
  ) {
    (self.swarm, self.far) = (swarm, far)
    self.ports = ports
    self.limits = limits
    self.rules = rules
    self.gate = gate
    self.backfill = backfill
  }

  // MARK: - Pull

  /// The manifest without its bytes, where these are not at hand. A member that may not know the latest asks others first.
  public func resolve(_ reference: Reference, in repository: RepositoryName)
    async throws(RegistryError) -> StoredManifest
  {
    if case .tag = reference { try await ports.reading.begin(.tags) }
    if let manifest = try await ports.names.resolve(reference, in: repository) { return manifest }
    if case .digest = reference, await ports.reading.again() { return try await resolveHere(reference, in: repository) }
    throw RegistryError.noSuchManifest(reference, repository)
  }

  /// The same for who may not send this node to others.
  public func resolveHere(_ reference: Reference, in repository: RepositoryName)
    async throws(RegistryError) -> StoredManifest
  {
    guard let manifest = try await ports.names.resolve(reference, in: repository) else {
      throw RegistryError.noSuchManifest(reference, repository)
    }
    return manifest
  }

  public func holds(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await ports.names.resolve(.digest(digest), in: repository) != nil
  }

  /// The bytes of a resolved manifest, exactly as pushed; of one that was pushed to another member, from there.
  public func bytes(
    of manifest: StoredManifest, in repository: RepositoryName
  ) async throws(RegistryError) -> [UInt8] {
    if let bytes = try await bytesHere(of: manifest) { return bytes }
    guard let far else {
      throw RegistryError(
        .internal, "the node's copy of this manifest is damaged; push it again",
        cause: "\(manifest.digest) is named and not stored whole")
    }
    return try await far.bytes(of: manifest, in: repository)
  }

  /// The same for who may not send this node to others: they were asked by one of them. `nil`: they are not here.
  public func bytesHere(of manifest: StoredManifest) async throws(RegistryError) -> [UInt8]? {
    if let bytes = manifest.bytes { return bytes }
    guard let reader = try await ports.blobs.open(manifest.digest), reader.size == Int64(manifest.size) else {
      return nil
    }
    return try await reader.read(from: 0, count: manifest.size)
  }

  // MARK: - Push

  /// Stores a manifest under its digest and points tags at it.
  /// - Parameter moreTags: tags besides the reference's own.
  public func push(
    _ bytes: [UInt8], contentType: MediaType?, to reference: Reference, moreTags: [Tag] = [],
    in repository: RepositoryName
  ) async throws(RegistryError) -> PushedManifest {
    try ports.writing.begin(in: repository)
    guard bytes.count <= limits.manifestBytes else { throw RegistryError.manifestTooLarge(limits.manifestBytes) }
    guard moreTags.count <= limits.tagsPerPush else {
      throw RegistryError(.tagInvalid, "a push sets at most \(limits.tagsPerPush) tags; send the rest in another")
    }
    // Hashing and parsing 4 MiB takes tens of milliseconds: not on the caller's loop.
    let isMember = far?.isJoined ?? false
    let publication = try await ports.work.run { [rules] () throws(RegistryError) in
      let digest = try Self.digest(of: bytes, pushedTo: reference)
      return Publication(
        repository: repository, digest: digest,
        document: try ManifestDocument(bytes: bytes, contentType: contentType), tags: reference.tags + moreTags,
        demands: rules.acceptsSparseManifests ? .nothing : .everything,
        saysAgain: isMember,
        ticket: rules.hashesTorrents ? SwarmTicket(of: bytes, digest).map { TicketEntry($0) } : nil)
    }
    try await gate.pass(publication.digest) { () async throws(RegistryError) in try await publish(publication) }
    try await ports.writing.waitUntilKept(publication.images)
    return PushedManifest(digest: publication.digest, subject: publication.document.facts.subject)
  }

  private func publish(_ publication: Publication) async throws(RegistryError) {
    let (digest, document) = (publication.digest, publication.document)
    // Bytes, shelf, name: a crash in between leaves a manifest that nothing names.
    try await ports.blobs.put(document.bytes, as: digest)
    try await ports.shelf.shelve(digest, as: document.facts.mediaType, in: publication.repository)
    let outcome: PublishOutcome
    do throws(RegistryError) {
      outcome = try await publishName(publication)
    } catch {
      if error.code == .denied { try await unshelveUnlessNamed(digest, in: publication.repository) }
      throw error
    }
    switch outcome {
    case .published:
      ports.writing.noteWritten()
      backfill.notice(arrivalIn: publication.repository)
    case .missing(let digests):
      try await unshelveUnlessNamed(digest, in: publication.repository)
      throw RegistryError(
        .manifestBlobUnknown,
        "\(publication.repository) lacks \(digests.count) of the blobs or manifests that this manifest names (or has them "
          + "in another size); push them first",
        detail: digests.prefix(Self.namedMissing).map(\.description))
    }
  }

  /// What is not here may lie with other members, who say so, or under another repository, where this one may have it.
  private func publishName(_ publication: Publication) async throws(RegistryError) -> PublishOutcome {
    let outcome = try await ports.names.publish(publication)
    guard case .missing(let digests) = outcome, let far else { return outcome }
    let missing = Set(digests)
    let blobs = publication.document.blobs.filter { missing.contains($0.digest) }
    // A manifest that is not named here is named nowhere: names are everywhere.
    guard Set(blobs.map(\.digest)) == missing else { return outcome }
    let away = try await far.linkingThoseHere(blobs, to: publication.repository)
    guard await far.isHeld(away, in: publication.repository) else { return outcome }
    return try await ports.names.publish(publication.with(heldElsewhere: Set(away.map(\.digest))))
  }

  /// A refused push leaves no shelf entry; an earlier push of the same manifest keeps its own.
  private func unshelveUnlessNamed(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) {
    guard try await ports.names.resolve(.digest(digest), in: repository) == nil else { return }
    try await ports.shelf.unshelve(digest, from: repository)
  }

  private static func digest(of bytes: [UInt8], pushedTo reference: Reference) throws(RegistryError) -> Digest {
    guard case .digest(let asked) = reference else { return Digest(of: bytes) }
    let found = Digest(of: bytes, asked.algorithm)
    guard found == asked else {
      throw RegistryError(
        .digestInvalid, "the manifest's digest is \(found), not \(asked)", detail: [found.description])
    }
    return found
  }

  // MARK: - Delete

  public func delete(_ reference: Reference, from repository: RepositoryName) async throws(RegistryError) {
    try ports.writing.begin(in: repository)
    let existed =
      switch reference {
      case .tag(let tag): try await ports.names.untag(tag, in: repository)
      case .digest(let digest): try await retract(digest, from: repository)
      }
    if existed { ports.writing.noteWritten() }
    if case .digest(let digest) = reference { await swarm?.reconsider(digest) }
    guard existed else { throw RegistryError.noSuchManifest(reference, repository) }
  }

  private func retract(_ digest: Digest, from repository: RepositoryName) async throws(RegistryError) -> Bool {
    try await gate.pass(digest) { () async throws(RegistryError) in
      guard let owed = try await ports.names.retract(digest, from: repository) else { return false }
      // The manifest is gone already; a shelf entry that stays behind is owed and settled at the next start.
      do throws(RegistryError) {
        try await ports.shelf.unshelve(digest, from: repository)
        try await ports.content.settle(owed)
      } catch {
        ports.log.warning(
          "a deleted manifest stays on the shelf until the next start", LogField("digest", digest.description),
          LogField("error", error.description))
      }
      return true
    }
  }

  /// Removes the shelf entries of manifests that went by claims of other members, or just before an earlier life of the
  /// node ended.
  func settleDebts() async throws(RegistryError) {
    while true {
      let owed = try await ports.content.owedUnshelvings(limit: 256)
      guard !owed.isEmpty else { return }
      for debt in owed {
        try await gate.pass(debt.digest) { () async throws(RegistryError) in
          try await unshelveUnlessNamed(debt.digest, in: debt.repository)
          try await ports.content.settle(debt)
        }
        await swarm?.reconsider(debt.digest)
      }
    }
  }

  // MARK: - History

  public func history(of tag: Tag, in repository: RepositoryName, limit: Int)
    async throws(RegistryError) -> [TagEvent]
  {
    let events = try await ports.names.history(of: tag, in: repository, limit: limit)
    guard !events.isEmpty else { throw RegistryError.noSuchManifest(.tag(tag), repository) }
    return events
  }

  /// Points a tag back at what it named before; `nil` means the last other manifest that is still present.
  public func rollback(_ tag: Tag, in repository: RepositoryName, to wanted: Digest?)
    async throws(RegistryError) -> Digest
  {
    let events = try await history(of: tag, in: repository, limit: Self.rollbackDepth)
    let current = events.first?.digest
    let candidate = events.first { event in
      guard let digest = event.digest, event.isPresent else { return false }
      return wanted.map { $0 == digest } ?? (digest != current)
    }
    guard let target = candidate?.digest else {
      throw RegistryError(
        .manifestUnknown,
        "\(repository):\(tag) has no earlier manifest that is still present"
          + (wanted.map { " with digest \($0)" } ?? ""))
    }
    let manifest = try await resolve(.digest(target), in: repository)
    let pushed = try await push(
      try await bytes(of: manifest, in: repository), contentType: manifest.mediaType, to: .digest(target),
      moreTags: [tag],
      in: repository)
    return pushed.digest
  }

  private static let rollbackDepth = 1000
  /// Of what a manifest lacks, as many are named in the answer.
  private static let namedMissing = 100
}

public struct PushedManifest: Sendable {
  public let digest: Digest
  public let subject: Digest?
}

extension Publication {
  /// The manifest and those that it names, each an image of its own.
  fileprivate var images: [ImageName] {
    ([digest] + document.children.map(\.digest)).map { ImageName($0, in: repository) }
  }
}

extension Reference {
  fileprivate var tags: [Tag] {
    guard case .tag(let tag) = self else { return [] }
    return [tag]
  }
}

extension RegistryError {
  static func noSuchManifest(_ reference: Reference, _ repository: RepositoryName) -> RegistryError {
    RegistryError(.manifestUnknown, "\(repository) has no manifest \(reference)", detail: [reference.description])
  }

  public static func manifestTooLarge(_ limit: Int) -> RegistryError {
    RegistryError(.manifestTooLarge, "a manifest may have \(limit) bytes here")
  }
}
