/// Names of manifests: claims and the state that follows from them.
///
/// Contract, checked by `NamesContract`: each call is one transaction, durable on return. What `publish` refuses leaves
/// no trace. Two calls never see each other half done.
public protocol Names: Sendable {
  /// The manifest that a tag or a digest names in a repository now. The hot path: at most one indexed read.
  func resolve(_ reference: Reference, in repository: RepositoryName) async throws(RegistryError) -> StoredManifest?

  /// Makes a manifest present in a repository and points tags at it, if all that it needs is there in the same instant.
  /// Publishing again what is so already writes no claim, unless the publication says it again.
  func publish(_ publication: Publication) async throws(RegistryError) -> PublishOutcome

  /// Keeps what a manifest itself says, now that its bytes are here: of one that is present by a claim of another node.
  /// Writes no claim. `false`: it is not present (any more); nothing was kept.
  func document(_ digest: Digest, as document: ManifestDocument, in repository: RepositoryName)
    async throws(RegistryError) -> Bool

  /// Says of a manifest that it is gone, and of each tag that pointed to it. The removal of its shelf entry is owed from
  /// then on; `nil`: it was not present.
  func retract(_ digest: Digest, from repository: RepositoryName) async throws(RegistryError) -> OwedUnshelving?

  /// Says of a tag that it is gone. `false`: there was none.
  func untag(_ tag: Tag, in repository: RepositoryName) async throws(RegistryError) -> Bool

  /// What a tag named, newest first, from the log: what was said again is one entry, of when it was said first.
  func history(of tag: Tag, in repository: RepositoryName, limit: Int) async throws(RegistryError) -> [TagEvent]
}

public struct Publication: Sendable {
  public let repository: RepositoryName
  public let digest: Digest
  public let document: ManifestDocument
  public let tags: [Tag]
  public let demands: Demand
  /// Blobs that other members hold for this repository, in the size that the manifest says: as good as here.
  public let heldElsewhere: Set<Digest>
  /// Also what is so here already is claimed anew: another member may have said otherwise since, and is not heard yet.
  /// What is acknowledged now stands above that.
  public let saysAgain: Bool
  /// Of the manifest's bytes, if its hashes are at hand: kept in the same transaction, as `Tickets.keep` does.
  public let ticket: TicketEntry?

  /// What of the things that a manifest names must be in the repository. Whatever is there must have the size that the
  /// manifest says, in any case.
  public enum Demand: Sendable {
    case everything
    /// An index may go ahead of its children.
    case blobs
    /// The manifest may be sparse.
    case nothing
  }

  public init(
    repository: RepositoryName, digest: Digest, document: ManifestDocument, tags: [Tag],
    demands: Demand = .everything, heldElsewhere: Set<Digest> = [], saysAgain: Bool = false,
    ticket: TicketEntry? = nil
  ) {
    self.saysAgain = saysAgain
    self.repository = repository
    self.digest = digest
    self.document = document
    self.tags = tags
    self.demands = demands
    self.heldElsewhere = heldElsewhere
    self.ticket = ticket
  }
}

extension Publication {
  /// The same, now that other members have said that they hold these.
  public func with(heldElsewhere blobs: Set<Digest>) -> Publication {
    Publication(
      repository: repository, digest: digest, document: document, tags: tags, demands: demands, heldElsewhere: blobs,
      saysAgain: saysAgain, ticket: ticket)
  }

  /// A blob that is not here need not be.
  public func mayLack(_ blob: Digest) -> Bool { demands == .nothing || heldElsewhere.contains(blob) }
}

public enum PublishOutcome: Hashable, Sendable {
  case published
  /// These were not in the repository (or have another size than the manifest says); nothing was written.
  case missing([Digest])
}

public struct TagEvent: Hashable, Sendable {
  /// `nil`: the tag was removed.
  public let digest: Digest?
  public let clock: HybridTime
  /// Whether that manifest is still present in the repository, so that the tag could go back to it.
  public let isPresent: Bool

  public init(digest: Digest?, clock: HybridTime, isPresent: Bool) {
    self.digest = digest
    self.clock = clock
    self.isPresent = isPresent
  }
}
