import BlockingWork
import OpenSSLKit
import RegistryCore
import Telemetry

/// What is named here and lies with other members of the fleet: found, fetched, and read while it arrives.
///
/// A digest alone reads nothing: a far blob is fetched for a repository only if a present manifest of that repository names
/// it, and with the size that it says there.
struct FarContent: Sendable {
  private let ports: RegistryPorts
  private let fleet: any FleetBytes
  private let fetches: FetchDesk
  private let bans: BannedMembers
  /// The registry's: bytes and name change together.
  private let gate: KeyedGate<Digest>
  private let acceptsSparseManifests: Bool
  /// One question about a digest at a time: who comes meanwhile finds the answer here.
  private let turns = KeyedGate<Digest>()
  private let failures = LateFailures()

  /// What a blob's question waits for, of manifests that may name it: the latest ones that were not read.
  private static let unreadAtOnce = 16
  /// Blobs that others are asked for at once, before a manifest that names them is taken.
  private static let confirmedAtOnce = 16
  /// Where members that were to fetch a blob for the site took so long to say no, nobody else is asked to.
  private static let fetcherPatience = Duration.seconds(1)
  /// A manifest that nobody had is not asked for again before, on behalf of a blob.
  private static let unreadPause = Duration.seconds(5)

  init(
    _ ports: RegistryPorts, _ fleet: any FleetBytes, fetches: FetchDesk, bans: BannedMembers, gate: KeyedGate<Digest>,
    rules: RegistryRules
  ) {
    (self.ports, self.fleet, self.fetches, self.bans, self.gate) = (ports, fleet, fetches, bans, gate)
    acceptsSparseManifests = rules.acceptsSparseManifests
  }

  /// Whether others name things too.
  var isJoined: Bool { fleet.isJoined }

  // MARK: - Blobs

  /// The size of a blob that the repository is not linked to and can have, as a present manifest of it says. Manifests that
  /// were not read yet are asked for now. `nil`: none names the blob, or nobody holds it just now: whoever asks before a push
  /// then pushes it, which is how a blob comes back that went with its last holder.
  func size(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Int64? {
    guard let need = try await need(of: digest, in: repository) else { return nil }
    if need.size == 0 { return need.size }
    if try await linkIfHere(digest, need.size, to: repository) { return need.size }
    return try await holders(of: digest, need, in: repository).isEmpty ? nil : need.size
  }

  /// A present manifest that names a blob. Bytes that go here come back at the next question, while it is present.
  /// - Throws: `unavailable` when a manifest that may name it cannot be read now.
  func manifest(needing digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Digest? {
    guard fleet.isJoined else { return nil }
    repeat {
      if let manifest = try await ports.content.manifest(needing: digest, in: repository) { return manifest }
    } while try await readUnread(in: repository)
    guard let unread = try await ports.unread.unread(in: repository, limit: 1).first else { return nil }
    throw RegistryError(
      .unavailable,
      "\(repository) has manifests that cannot be read just now and may name this blob; try again shortly",
      detail: [unread.digest.description])
  }

  /// A blob as a present manifest names it.
  private struct Need {
    let size: Int64
    let manifest: Digest
    /// All that the manifest names.
    let blobs: [Digest]
  }

  private func need(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Need? {
    // A node that is alone has what it has.
    guard fleet.isJoined else { return nil }
    if let need = try await knownNeed(of: digest, in: repository) { return need }
    guard try await readUnread(in: repository) else { return nil }
    return try await knownNeed(of: digest, in: repository)
  }

  /// A manifest that could not be read just now may name it: then it is not known to be absent.
  private func absence(
    of digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> RegistryError {
    guard fleet.isJoined else { return .noSuchBlob(digest, repository) }
    let unread = try await ports.unread.unread(in: repository, limit: 1)
    return unread.isEmpty ? .noSuchBlob(digest, repository) : .heldByNobody(digest)
  }

  private func knownNeed(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> Need? {
    guard let needing = try await ports.content.manifest(needing: digest, in: repository),
      let manifest = try await ports.names.resolve(.digest(needing), in: repository),
      let bytes = try await here(manifest)
    else { return nil }
    return try await ports.work.run { () throws(RegistryError) in
      let blobs = try ManifestDocument(bytes: bytes, contentType: manifest.mediaType).blobs
      return blobs.first { $0.digest == digest }.map {
        Need(size: $0.size, manifest: needing, blobs: blobs.map(\.digest))
      }
    }
  }

  /// - Returns: some were read.
  private func readUnread(in repository: RepositoryName) async throws(RegistryError) -> Bool {
    let manifests = try await ports.unread.unread(in: repository, limit: Self.unreadAtOnce).filter {
      !failures.hasFailed($0.digest, since: .now - Self.unreadPause)
    }
    guard !manifests.isEmpty else { return false }
    return await withTaskGroup(of: Bool.self) { group in
      for manifest in manifests {
        group.addTask {
          do throws(RegistryError) { return try await read(manifest) } catch {
            // Remembered, and said to whoever asks for the manifest itself.
            return false
          }
        }
      }
      return await group.reduce(false) { $0 || $1 }
    }
  }

  /// Begins to fetch a blob, or joins those who fetch it. When it returns the blob is here or on its way.
  /// - Throws: `blobUnknown` for what no manifest names, `unavailable` when nobody who holds it answered.
  func begin(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) {
    guard let need = try await need(of: digest, in: repository) else {
      throw try await absence(of: digest, in: repository)
    }
    let (size, asked) = (need.size, ContinuousClock.now)
    try await turns.pass(digest) { () async throws(RegistryError) in
      if fetches.fetches.arriving(digest, for: repository) != nil { return }
      if size == 0 { return try await makeEmpty(digest, in: repository) }
      if try await linkIfHere(digest, size, to: repository) { return }
      try failures.mustNotHaveFailed(digest, since: asked)
      while try await !beginFromHolders(digest, need, in: repository) {}
    }
  }

  /// - Returns: `false` when their ticket was found out meanwhile, by a fetch that was ending: it is remembered, and the next
  ///   question passes over it.
  private func beginFromHolders(
    _ digest: Digest, _ need: Need, in repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    guard let supply = try await supply(of: digest, need, in: repository) else {
      throw failures.note(.heldByNobody(digest), of: digest)
    }
    do throws(RegistryError) {
      try await fetches.begin(
        FetchRequest(
          torrent: SwarmTorrent(supply.ticket), from: supply.origin, repository: repository, site: supply.site))
      return true
    } catch {
      guard !fetches.mayBeTrue(supply.ticket) else { throw error }
      return false
    }
  }

  /// Who has a blob by one and the same ticket.
  private struct Supply {
    let ticket: SwarmTicket
    let origin: FetchOrigin
    /// `nil`: it is taken from wherever it is.
    var site: SitePlan?

    init(_ ticket: SwarmTicket, among peers: [SwarmPeer], _ site: SitePlan? = nil) {
      let same = peers.filter { $0.ticket == ticket }
      let (whole, part) = (same.filter(\.isWhole).map(\.member), same.filter { !$0.isWhole }.map(\.member))
      (self.ticket, origin, self.site) = (ticket, .members(holders: whole, peers: part), site)
    }
  }

  private func supply(
    of digest: Digest, _ need: Need, in repository: RepositoryName
  ) async throws(RegistryError) -> Supply? {
    if let near = try await nearSupply(of: digest, need, in: repository) { return near }
    return try await anySupply(of: digest, need, in: repository)
  }

  /// Where a line between sites is to be spared: from members of this node's site that have it, else by the one that is to
  /// bring it there. `nil`: there is no such line, it is this node's part to cross it, or those that were asked do not.
  private func nearSupply(
    of digest: Digest, _ need: Need, in repository: RepositoryName
  ) async throws(RegistryError) -> Supply? {
    guard fetches.takesSwarms, let sites = fleet.sites, let named = sites.fetchers(of: digest) else { return nil }
    let fetchers = named.filter { !bans.isBanned($0) }
    let isLarge = fetches.takesSwarm(ofSize: need.size)
    let found = try await nearPeers(of: digest, need, in: repository, isLarge)
    if let ticket = found.first(where: \.isWhole)?.ticket {
      return Supply(ticket, among: found, SitePlan(fetchers: [], isAgreed: true))
    }
    let asked = ContinuousClock.now
    // A small one is handed on when it is whole, which it is at once or not worth waiting for.
    for place in fetchers.indices.prefix(isLarge ? fetchers.count : 1) where .now - asked < Self.fetcherPatience {
      let word = await sites.ask(fetchers[place], toFetch: digest, in: repository, knowing: nil)
      guard let peer = word?.peer, fits(peer.ticket, digest, need), isLarge || peer.isWhole else { continue }
      let plan = SitePlan(fetchers: peer.isWhole ? [] : Array(fetchers[place...]), isAgreed: true)
      return Supply(peer.ticket, among: [peer] + found.filter { $0.member != peer.member }, plan)
    }
    return nil
  }

  private func nearPeers(
    of digest: Digest, _ need: Need, in repository: RepositoryName, _ isLarge: Bool
  ) async throws(RegistryError) -> [SwarmPeer] {
    let clues = try await clues(need, in: repository).nearOnly
    let found =
      isLarge
      ? await fleet.swarm(of: digest, in: repository, clues: clues).peers
      : await fleet.holders(of: digest, in: repository, clues: clues).map {
        SwarmPeer(member: $0.member, isWhole: true, ticket: $0.ticket)
      }
    return found.filter { fits($0.ticket, digest, need) && !bans.isBanned($0.member) }
  }

  /// Who has it by one and the same ticket, wherever they stand. A large blob is looked for in the fleet's swarms; where nobody knows of one, and
  /// members of earlier releases do not, among those that hold it.
  private func anySupply(
    of digest: Digest, _ need: Need, in repository: RepositoryName
  ) async throws(RegistryError) -> Supply? {
    if fetches.takesSwarm(ofSize: need.size) {
      let clues = try await clues(need, in: repository)
      let found = await fleet.swarm(of: digest, in: repository, clues: clues).peers.filter {
        fits($0.ticket, digest, need) && !bans.isBanned($0.member)
      }
      if let ticket = found.first?.ticket { return Supply(ticket, among: found) }
    }
    let holders = try await holders(of: digest, need, in: repository)
    // Those who vouch for the same ticket.
    return holders.first.map { first in
      Supply(
        first.ticket, among: holders.map { SwarmPeer(member: $0.member, isWhole: true, ticket: $0.ticket) })
    }
  }

  /// Members that say they hold it, as the manifest describes it.
  private func holders(
    of digest: Digest, _ need: Need, in repository: RepositoryName
  ) async throws(RegistryError) -> [Holding] {
    let clues = try await clues(need, in: repository)
    let found = await fleet.holders(of: digest, in: repository, clues: clues).filter { fits($0.ticket, digest, need) }
    // Who has lied is better than nobody: what it sends is looked at.
    return found.filter { !bans.isBanned($0.member) } + found.filter { bans.isBanned($0.member) }
  }

  private func clues(_ need: Need, in repository: RepositoryName) async throws(RegistryError) -> BlobClues {
    BlobClues(beside: need.blobs, writer: try await ports.unread.claimant(of: need.manifest, in: repository))
  }

  private func fits(_ ticket: SwarmTicket, _ digest: Digest, _ need: Need) -> Bool {
    ticket.digest == digest && ticket.size == need.size && fetches.mayBeTrue(ticket)
  }

  /// There is nothing to fetch, and no torrent of it.
  private func makeEmpty(_ digest: Digest, in repository: RepositoryName) async throws(RegistryError) {
    guard Digest(of: [], digest.algorithm) == digest else { throw .noSuchBlob(digest, repository) }
    try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.blobs.put([], as: digest)
      try await ports.content.link(StoredBlob(digest: digest, size: 0), to: repository)
    }
  }

  /// Another repository has it: this one has a manifest that names it, which was taken only with all its blobs, so it may
  /// have it too. Where sparse manifests are taken that is no reason: then a member must hold it for this repository.
  private func linkIfHere(
    _ digest: Digest, _ size: Int64, to repository: RepositoryName
  ) async throws(RegistryError) -> Bool {
    guard try await ports.blobs.size(of: digest) == size else { return false }
    if acceptsSparseManifests, await fleet.holders(of: digest, in: repository).isEmpty { return false }
    return try await gate.pass(digest) { () async throws(RegistryError) in
      guard try await ports.blobs.size(of: digest) == size else { return false }
      try await ports.content.link(StoredBlob(digest: digest, size: size), to: repository)
      return true
    }
  }

  /// Links those of these blobs that this node has, and that a present manifest of the repository names already.
  /// - Returns: the rest.
  func linkingThoseHere(
    _ blobs: [ManifestDocument.Descriptor], to repository: RepositoryName
  ) async throws(RegistryError) -> [ManifestDocument.Descriptor] {
    guard fleet.isJoined else { return blobs }
    var rest: [ManifestDocument.Descriptor] = []
    for blob in blobs {
      let need = try await knownNeed(of: blob.digest, in: repository)
      let mayLink = blob.size > 0 && need?.size == blob.size
      let isLinked = mayLink ? try await linkIfHere(blob.digest, blob.size, to: repository) : false
      if !isLinked { rest.append(blob) }
    }
    return rest
  }

  /// Whether other members hold all of these for the repository, each in the size that is said. They answer only for what
  /// is linked to their own repository of that name.
  func isHeld(_ blobs: [ManifestDocument.Descriptor], in repository: RepositoryName) async -> Bool {
    let clues = BlobClues(beside: blobs.map(\.digest))
    var left = blobs[...]
    return await withTaskGroup(of: Bool.self) { group in
      for blob in left.prefix(Self.confirmedAtOnce) { group.addTask { await isHeld(blob, in: repository, clues) } }
      left = left.dropFirst(Self.confirmedAtOnce)
      while let isHeld = await group.next() {
        guard isHeld else {
          group.cancelAll()
          return false
        }
        if let next = left.popFirst() { group.addTask { await self.isHeld(next, in: repository, clues) } }
      }
      return true
    }
  }

  private func isHeld(
    _ blob: ManifestDocument.Descriptor, in repository: RepositoryName, _ clues: BlobClues
  ) async -> Bool {
    // Everybody has nothing.
    if blob.size == 0 { return blob.digest == Digest(of: [], blob.digest.algorithm) }
    return await fleet.holders(of: blob.digest, in: repository, clues: clues).contains {
      $0.ticket.digest == blob.digest && $0.ticket.size == blob.size
    }
  }

  // MARK: - Manifests

  /// The bytes of a manifest that is present in the repository and not here. They are kept, and what the manifest needs is
  /// known from then on.
  func bytes(of manifest: StoredManifest, in repository: RepositoryName) async throws(RegistryError) -> [UInt8] {
    let (digest, asked) = (manifest.digest, ContinuousClock.now)
    return try await turns.pass(digest) { () async throws(RegistryError) in
      if let bytes = try await here(manifest) {
        try await learn(bytes, manifest, in: repository)
        return bytes
      }
      try failures.mustNotHaveFailed(digest, since: asked)
      let writer = try await ports.unread.claimant(of: digest, in: repository)
      guard let bytes = await fleet.manifest(digest, size: manifest.size, in: repository, writer: writer) else {
        throw failures.note(.heldByNobody(digest), of: digest)
      }
      try await learn(bytes, manifest, in: repository)
      return bytes
    }
  }

  /// Fetches a manifest that was heard of. `false`: it is present no more.
  func read(_ manifest: UnreadManifest) async throws(RegistryError) -> Bool {
    guard let named = try await ports.names.resolve(.digest(manifest.digest), in: manifest.repository) else {
      return false
    }
    if named.bytes == nil { _ = try await bytes(of: named, in: manifest.repository) }
    return true
  }

  private func here(_ manifest: StoredManifest) async throws(RegistryError) -> [UInt8]? {
    if let bytes = manifest.bytes { return bytes }
    guard let reader = try await ports.blobs.open(manifest.digest), reader.size == Int64(manifest.size) else {
      return nil
    }
    return try await reader.read(from: 0, count: manifest.size)
  }

  /// Bytes, shelf, name, as with a push; but the name is there already, and stays away if it went meanwhile.
  private func learn(
    _ bytes: [UInt8], _ manifest: StoredManifest, in repository: RepositoryName
  ) async throws(RegistryError) {
    let digest = manifest.digest
    let document = try await ports.work.run { () throws(RegistryError) in
      guard bytes.count == manifest.size, Digest(of: bytes, digest.algorithm) == digest else {
        throw RegistryError(.unavailable, "a member answered with other bytes than those of \(digest); try again")
      }
      return try ManifestDocument(bytes: bytes, contentType: manifest.mediaType)
    }
    try await gate.pass(digest) { () async throws(RegistryError) in
      try await ports.blobs.put(bytes, as: digest)
      try await ports.shelf.shelve(digest, as: manifest.mediaType, in: repository)
      guard try await ports.names.document(digest, as: document, in: repository) else {
        try await ports.shelf.unshelve(digest, from: repository)
        throw RegistryError.noSuchManifest(.digest(digest), repository)
      }
    }
  }
}

extension RegistryError {
  static func heldByNobody(_ digest: Digest) -> RegistryError {
    RegistryError(
      .unavailable, "no member of the fleet that holds \(digest) answers just now; try again shortly",
      detail: [digest.description])
  }
}
