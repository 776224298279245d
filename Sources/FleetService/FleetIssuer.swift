import FleetCore
import OpenSSLKit
import RegistryCore
import Telemetry

/// What an issuer says of members and of the policy: each is signed, kept, and then told to all at once.
public struct FleetIssuer: Sendable {
  private let desk: FleetDesk
  private let authority: FleetAuthority

  public init(_ desk: FleetDesk, _ authority: FleetAuthority) { (self.desk, self.authority) = (desk, authority) }

  /// Puts a node out of the fleet. Of its claims those count that this node has and that are due, and no later ones: what
  /// somebody who had the node's key dated ahead never comes to count.
  /// - Parameter known: how far the node itself says that its log goes; what this node lacks of it is waited for by whoever
  ///   asks, who is told `unavailable`.
  public func remove(
    _ node: NodeID, havingAll known: [Int64: Int64] = [:]
  ) async throws(RegistryError) -> FleetRecord {
    let current = desk.current
    if case .clockOff = current.gate {
      throw RegistryError(.unavailable, "this node's clock is wrong, so it cannot tell what is due: set it first")
    }
    let (heads, lastDue) = try await logs(of: node)
    guard known.allSatisfy({ heads[$0.key] ?? 0 >= $0.value }) else {
      throw RegistryError(.unavailable, "not all that the node has written has come here yet")
    }
    let draft: FleetRecord.Draft
    do throws(Directory.DraftFault) {
      draft = try current.directory.removal(
        of: node, lastTaken: lastDue, by: current.node, at: desk.ports.clock.millisecondsSince1970)
    } catch {
      throw .init(.denied, "the node cannot be removed: it is no member (any more)", cause: "\(error)")
    }
    let record = try await publish(draft)
    desk.ports.log.info(
      "a node was put out of the fleet", LogField("member", node.description), LogField("record", record.number))
    await tell(node, at: current.cards[node]?.draft.addresses ?? [], of: record)
    return record
  }

  public func set(_ policy: FleetPolicy) async throws(RegistryError) -> FleetRecord {
    let current = desk.current
    if case .clockOff = current.gate {
      throw RegistryError(.unavailable, "this node's clock is wrong, and a policy holds from a time on: set it first")
    }
    let now = desk.ports.clock.millisecondsSince1970
    let draft: FleetRecord.Draft
    do {
      let dated = try policy.dated(after: current.directory.policy, at: now)
      draft = try current.directory.policy(dated, by: current.node, at: now)
    } catch {
      throw .init(.internal, "the policy makes no record", cause: "\(error)")
    }
    let record = try await publish(draft)
    desk.ports.log.info("the policy of the fleet was set", LogField("record", record.number))
    return record
  }

  /// Says who may let others in. The member has kept that on return, if it answers at all.
  public func setIssuer(_ node: NodeID, mayIssue: Bool) async throws(RegistryError) {
    let current = desk.current
    let draft: FleetRecord.Draft
    do throws(Directory.DraftFault) {
      draft = try current.directory.issuance(
        of: node, mayIssue: mayIssue, by: current.node, at: desk.ports.clock.millisecondsSince1970)
    } catch {
      throw .init(.denied, "it is no member of the fleet (any more)", cause: "\(error)")
    }
    let record = try await publish(draft)
    desk.ports.log.info(
      mayIssue ? "a member may let nodes in from now on" : "a member may let nodes in no longer",
      LogField("member", node.description))
    if node != current.node { await tell(node, at: current.cards[node]?.draft.addresses ?? [], of: record) }
  }

  /// Where a node's logs end here, and how far they are due.
  private func logs(
    of node: NodeID
  ) async throws(RegistryError) -> (heads: [Int64: Int64], lastDue: [Int64: Int64]) {
    var (heads, lastDue) = ([Int64: Int64](), [Int64: Int64]())
    let horizon = desk.ports.clock.millisecondsSince1970 + NameRules.fenceMilliseconds
    for (writer, head) in try await desk.ports.ledger.heads() where writer.node == node {
      heads[writer.epoch] = head.sequence
      let due = try await desk.ports.ledger.lastDue(in: writer, upTo: head.sequence, by: horizon)
      if due > 0 { lastDue[writer.epoch] = due }
    }
    return (heads, lastDue)
  }

  private func publish(_ draft: FleetRecord.Draft) async throws(RegistryError) -> FleetRecord {
    let record = authority.sign(draft)
    let news = DirectoryNews(records: [record])
    await desk.issued(news)
    // Of two that were signed in one moment one stands, on all nodes the same.
    guard desk.current.directory.stands(record, desk.keys) else {
      throw RegistryError(.unavailable, "somebody else spoke of this in the same moment; look, and try again")
    }
    // It is being kept already; on return it is.
    try await FleetMemory(desk.ports.statements).keep(news, [], desk.keys)
    return record
  }

  /// The members hear of it by themselves; whom it is about is told now. A removed one would find out when it asks a member.
  private func tell(_ node: NodeID, at addresses: [MemberAddress], of record: FleetRecord) async {
    guard !addresses.isEmpty else { return }
    _ = await desk.ports.peers.ask(node, at: addresses, .push(Gossip(news: DirectoryNews(records: [record]))))
  }
}
