import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP
import Telemetry

/// Nodes that join at the same time do not see each other's names when they put theirs beside the fleet's: an issuer lets in
/// one at a time, but their names follow.
extension NodeFleet {
  /// Who was let in so long before this node, or since, may have come with names that this node has not seen.
  private static let newcomerMilliseconds: Int64 = InviteBook.lifeMilliseconds
  /// After an exchange with everybody who came at the same time and had no more names than go into one.
  private static let comparing = Duration.milliseconds(FleetLimits.exchangePeriodMilliseconds * 5 / 4)

  /// The tags that this node brought with it and another newcomer too, for other images. Of two whose names cross, the one
  /// that is later sees it; so the other may be at fault or not, and both stay in the tag's history.
  func contestedNames() async -> [ContestedNameDocument] {
    guard let desk = current?.desk else { return [] }
    do throws(RegistryError) {
      let brought = try await FleetNames.ownWords(of: keys.node, in: catalogue).filter { name, value in
        name.kind == .tag && value != nil
      }
      guard !brought.isEmpty else { return [] }
      _ = await desk.freshen()
      guard !newcomers(desk.current.directory).isEmpty else { return [] }
      do { try await Task.sleep(for: Self.comparing) } catch { return [] }
      return try await contested(brought, desk.current)
    } catch {
      log.warning(
        "whether others came with the same names could not be looked up", LogField("error", error.description))
      return []
    }
  }

  /// The others.
  private func newcomers(_ directory: Directory) -> Set<NodeID> {
    var admissions: [NodeID: Int64] = [:]
    for record in directory.records {
      if case .member(let node, let membership) = record.statement, membership.isMember {
        admissions[node] = record.draft.time
      }
    }
    guard let own = admissions.removeValue(forKey: keys.node) else { return [] }
    // The nodes of the founding brought their names when there were none.
    return Set(admissions.filter { own - $0.value < Self.newcomerMilliseconds && !directory.isIssuer($0.key) }.keys)
  }

  private func contested(
    _ brought: [ClaimedName: [UInt8]?], _ view: FleetView
  ) async throws(RegistryError) -> [ContestedNameDocument] {
    var contested: [ContestedNameDocument] = []
    for node in newcomers(view.directory) {
      let words = try await FleetNames.ownWords(of: node, in: catalogue, rules: view.directory.nameRules)
      for (name, word) in words where word != nil {
        guard let own = brought[name], own != word, let mine = own.flatMap({ Digest(multihash: $0) }),
          let theirs = word.flatMap({ Digest(multihash: $0) }),
          let tag = try? Tag(parsing: String(decoding: name.key, as: UTF8.self)),
          let standing = try await catalogue.resolve(.tag(tag), in: name.repository)?.digest
        else { continue }
        let found = ContestedNameDocument(
          name: name.spelling, digest: mine.description, other: theirs.description, member: view.title(of: node),
          names: standing.description)
        log.warning(
          "this node and another came with one tag for two images", LogField("tag", found.name),
          LogField("digest", found.digest), LogField("other", found.other), LogField("member", found.member),
          LogField("names", found.names))
        contested.append(found)
      }
    }
    return contested.sorted { ($0.name, $0.member) < ($1.name, $1.member) }
  }
}
