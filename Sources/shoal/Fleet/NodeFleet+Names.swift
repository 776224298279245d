import FleetCore
import FleetHTTP
import FleetService
import RegistryCore
import Telemetry

/// The names that a node brings with it when it joins.
extension NodeFleet {
  /// What is to be done with them. Are they refused, this node takes itself off the fleet's list, which it had been put on
  /// so that members answer it.
  func plan(
    _ choice: NamesChoice, _ papers: FleetFiles.Papers, _ joined: Joining.NewMember
  ) async throws(RegistryError) -> NameComparison.Plan {
    var directory = Directory(fleetKey: joined.fleetKey, notary: keys)
    for record in joined.welcome.records { _ = directory.restore(record, notary: keys) }
    let channel = try channel(papers)
    defer { Task { await channel.close() } }  // Unstructured: a channel of one question, whose end nobody waits for.
    do {
      return try await FleetNames(channel, ledger: catalogue, clock: clock).plan(
        choice, joining: keys.node, rules: directory.nameRules, cards: joined.welcome.cards)
    } catch let error as RegistryError {
      throw error
    } catch {
      let isOff = await takeOff(joined, directory, channel)
      throw RegistryError(.fetchConflict, "\(error). \(isOff ? Self.isOffTheList : Self.isListed)")
    }
  }

  /// The node has said nothing as a member, so there is nothing to wait for.
  private func takeOff(
    _ joined: Joining.NewMember, _ directory: Directory, _ channel: FleetChannel
  ) async -> Bool {
    let admission = joined.welcome.records.last { $0.subject == .member(keys.node) }
    guard let issuer = admission?.draft.issuer,
      let addresses = joined.welcome.cards.first(where: { $0.node == issuer })?.draft.addresses
    else { return false }
    if let record = await channel.removal(by: issuer, at: addresses, having: [:]) {
      return isRemoval(record, directory)
    }
    // The connection is cut with the membership, at times before the answer has come: whoever is out is told so.
    guard case .push(let gossip)? = await channel.ask(issuer, at: addresses, .ownHeads) else { return false }
    return gossip.news.records.contains { isRemoval($0, directory) }
  }

  private func isRemoval(_ record: FleetRecord, _ directory: Directory) -> Bool {
    guard case .member(keys.node, let membership) = record.statement, !membership.isMember else { return false }
    return record.draft.fleet == directory.fleet && record.isSigned(by: directory.fleetKey, keys)
  }

  private static let isOffTheList =
    "Nothing was changed, and the invitation stays good for this node until it expires"
  private static let isListed =
    "Nothing was changed here, but the fleet lists this node, and its issuer does not answer: the same invitation is "
    + "good for another try, or take the node off the list with shoal fleet remove"
}
