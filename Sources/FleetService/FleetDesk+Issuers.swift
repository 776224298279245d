import FleetCore
import RegistryCore
import Telemetry

extension FleetDesk {
  /// Says to all who may let others in: signed with the fleet's key, kept, and stands here on return.
  public func setIssuer(
    _ node: NodeID, mayIssue: Bool, by authority: FleetAuthority
  ) async throws(RegistryError) {
    let current = current
    let draft: FleetRecord.Draft
    do throws(Directory.DraftFault) {
      draft = try current.directory.issuance(
        of: node, mayIssue: mayIssue, by: current.node, at: ports.clock.millisecondsSince1970)
    } catch {
      throw RegistryError(.denied, "it is no member of the fleet (any more)", cause: "\(error)")
    }
    let news = DirectoryNews(records: [authority.sign(draft)])
    try await FleetMemory(ports.statements).keep(news, [], keys)
    await issued(news)
    ports.log.info(
      mayIssue ? "a member may let nodes in from now on" : "a member may let nodes in no longer",
      LogField("member", node.description))
  }

  /// What an issuer told a member that has come back after its certificate was over: who moved meanwhile is found again.
  public func hear(_ welcome: JoinAnswer.Welcome) {
    hear(Gossip(news: DirectoryNews(records: welcome.records), cards: welcome.cards), of: keys.node)
  }
}
