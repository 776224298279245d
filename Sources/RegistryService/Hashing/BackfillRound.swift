import RegistryCore

/// What a round of the background's hashing goes through.
struct BackfillRound: Equatable, Sendable {
  var walksTickets = false
  /// All that hold a manifest: the catalogue lists no others.
  var walksEveryPublicRepository = false
  /// These too.
  var repositories: Set<RepositoryName> = []

  /// Beyond so many it is simpler to go through all that are listed: one that is not will be noticed with its manifest.
  private static let repositoryLimit = 1000

  var isEmpty: Bool { self == BackfillRound() }

  static let everything = BackfillRound(walksTickets: true, walksEveryPublicRepository: true)

  mutating func add(_ repository: RepositoryName) {
    repositories.insert(repository)
    if repositories.count > Self.repositoryLimit {
      walksEveryPublicRepository = true
      repositories = []
    }
  }

  mutating func add(_ other: BackfillRound) {
    walksTickets = walksTickets || other.walksTickets
    walksEveryPublicRepository = walksEveryPublicRepository || other.walksEveryPublicRepository
    for repository in other.repositories { add(repository) }
  }
}

/// One way through the catalogue, in digest order, along what has no facts yet.
enum BackfillWalk: Sendable {
  case tickets
  case classicPieces(RepositoryName)

  var version: TorrentVersion {
    switch self {
    case .tickets: .v2
    case .classicPieces: .v1
    }
  }

  func page(after last: Digest?, limit: Int, of tickets: any Tickets) async throws(RegistryError) -> [StoredBlob] {
    switch self {
    case .tickets: try await tickets.withoutTicket(after: last, limit: limit)
    case .classicPieces(let repository):
      try await tickets.withoutClassicPieces(in: repository, after: last, limit: limit)
    }
  }

  /// Hands out all that is left, a page at a time.
  func follow(
    _ tickets: any Tickets, pageBlobs: Int, _ body: ([StoredBlob]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    var last: Digest?
    while true {
      if Task.isCancelled { throw RegistryError(.unavailable, "the node is stopping") }
      let page = try await page(after: last, limit: pageBlobs, of: tickets)
      guard let end = page.last else { return }
      try await body(page)
      last = end.digest
    }
  }
}
