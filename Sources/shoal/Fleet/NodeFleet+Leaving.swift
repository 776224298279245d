import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP

extension NodeFleet {
  func leave(isForced: Bool) async throws(RegistryError) -> any FleetDeparture {
    guard let seat = current, let registry else { throw Self.alone }
    let view = seat.desk.current
    if !seat.isStranger, view.directory.members.count > 1, Array(view.directory.issuers) == [view.node] {
      throw RegistryError(
        .denied,
        "this node alone holds the fleet's key, and others are members: hand it on first with shoal fleet promote")
    }
    return Departure(self, seat, registry, isForced: isForced)
  }

  /// Is alone from now on: what the node holds it goes on naming, in a log of its own; the fleet's papers are put away.
  ///
  /// In this order: a crash leaves a member that was put out, and this can be done again.
  func part() async throws(RegistryError) {
    let (held, words) = (try await heldNames(), try await ownWords())
    // Where another had the last word, what this node said before does not come back.
    let dropped = words.filter { name, word in word != nil && held[name] == nil }
    let restated = held.filter { name, value in words[name] != .some(.some(value)) }
    await close()
    _ = try await catalogue.rebase(onto: .none, restating: Set(restated.keys), dropping: Set(dropped.keys))
    try await catalogue.apply(NameRules())
    try await catalogue.letGo(nil)
    let files = files
    try await work.run { () throws(RegistryError) in try files.discard() }
    noteMembership(false)
    try await forgetStatements()
    do { try port?.hide() } catch {
      throw RegistryError(.internal, "the node's own certificate cannot be shown: \(error)")
    }
    log.info("this node is in no fleet any more")
    warnOfRecoveryFile()
  }

  private func forgetStatements() async throws(RegistryError) {
    for shelf in StatementShelf.allCases {
      let kept = try await catalogue.all(on: shelf)
      try await catalogue.keep(kept.map { StatementChange(shelf, key: $0.key, value: nil) })
    }
  }

  /// How far this node's log goes, as far as it counts.
  func ownHeads() async throws(RegistryError) -> [Int64: Int64] {
    guard let rules = current?.desk.current.directory.nameRules else { return [:] }
    var heads: [Int64: Int64] = [:]
    for (writer, head) in try await catalogue.heads() where writer.node == keys.node {
      heads[writer.epoch] = min(head.sequence, rules.limit(of: writer))
    }
    return heads
  }

  // MARK: - What is named here

  struct NamedManifest {
    let repository: RepositoryName
    let summary: ManifestSummary
    /// Its own bytes.
    let isHere: Bool
  }

  func everyManifest() async throws(RegistryError) -> [NamedManifest] {
    guard let registry else { return [] }
    var (found, last): ([NamedManifest], String?) = ([], nil)
    while true {
      let page = try await catalogue.repositories(after: last, limit: 100)
      for repository in page.elements {
        for summary in try await catalogue.manifests(of: repository) {
          let isHere = try await registry.hasBytes(of: summary.digest, in: repository)
          found.append(NamedManifest(repository: repository, summary: summary, isHere: isHere))
        }
      }
      last = page.elements.last?.text
      guard page.hasMore else { return found }
    }
  }

  /// Manifests that are here with all their blobs and the tags that name them, with what is said of each. The bytes of a
  /// manifest alone came with its claim: nobody pushed or pulled it here.
  private func heldNames() async throws(RegistryError) -> [ClaimedName: [UInt8]] {
    guard let registry else { return [:] }
    var held: [ClaimedName: [UInt8]] = [:]
    for manifest in try await everyManifest() where manifest.isHere {
      let (repository, digest) = (manifest.repository, manifest.summary.digest)
      guard try await registry.lacking(of: digest, in: repository).isEmpty else { continue }
      let statements =
        [Claim.Statement.manifest(repository, digest, .present(manifest.summary.facts))]
        + manifest.summary.tags.map { .tag(repository, $0, digest) }
      for statement in statements { held[statement.name] = statement.value }
    }
    return held
  }

  private func ownWords() async throws(RegistryError) -> [ClaimedName: [UInt8]?] {
    let rules = current?.desk.current.directory.nameRules ?? NameRules()
    return try await FleetNames.ownWords(of: keys.node, in: catalogue, rules: rules)
  }
}
