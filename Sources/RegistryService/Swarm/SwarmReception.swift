import BlockingWork
import RegistryCore
import Telemetry

/// Lets members into the swarms of blobs that are here or on their way. A digest alone opens nothing, nor does a torrent's
/// hash: who connects has asked before, for a repository that this node may hand the blob out for, and that is looked at
/// again when it comes.
public final class SwarmReception: SwarmWaker {
  /// How this node takes part in a blob's swarm.
  public struct Place: Sendable {
    /// All bytes are here, and this node vouches for the ticket; else it is the one by which it fetches.
    public let isWhole: Bool
    public let ticket: SwarmTicket
    /// Members that take part too, as far as they asked this one.
    public let others: [NodeID]
  }

  /// So long after it asked a member may connect.
  static let memory = Duration.seconds(600)
  static let guestLimit = 65_536
  /// How long a ticket may take that must be computed first.
  private static let ticketPatience = Duration.milliseconds(800)

  private let ports: RegistryPorts
  private let desk: SwarmDesk
  private let fetches: RemoteBlobFetches
  private let tickets: TicketDesk
  private let bans: BannedMembers
  private let guests = Lock(SwarmGuests(limit: guestLimit, memory: memory))

  init(
    _ ports: RegistryPorts, _ desk: SwarmDesk, _ fetches: RemoteBlobFetches, _ tickets: TicketDesk,
    _ bans: BannedMembers
  ) {
    (self.ports, self.desk, self.fetches, self.tickets, self.bans) = (ports, desk, fetches, tickets, bans)
  }

  /// A member asks for a blob of a repository. Its torrent is live when this returns, and the member may connect.
  /// `nil`: there is nothing of it here for that repository, or no swarm of it.
  public func admit(
    _ member: NodeID, to digest: Digest, in repository: RepositoryName
  ) async throws(RegistryError) -> Place? {
    guard let (ticket, isWhole) = try await bringLive(digest, for: repository, to: member) else { return nil }
    let (torrent, now) = (SwarmTorrent(ticket).infoHash.short, ContinuousClock.now)
    let others = guests.withLock { guests in
      guests.note(member, for: torrent, in: repository, at: now)
      return guests.others(than: member, for: torrent, in: repository, at: now, limit: SwarmFinding.memberLimit)
    }
    return Place(isWhole: isWhole, ticket: ticket, others: others)
  }

  public func wake(_ torrent: [UInt8], for member: NodeID) async -> Bool {
    let repositories = guests.withLock { $0.repositories(of: member, for: torrent, at: .now) }
    guard !repositories.isEmpty else { return false }
    do throws(RegistryError) {
      guard let digest = try await digest(of: torrent) else { return false }
      for repository in repositories {
        if try await bringLive(digest, for: repository, to: member) != nil { return true }
      }
    } catch {
      ports.log.debug(
        "a torrent that a member came for is not live", LogField("member", member.description),
        LogField("error", error.description))
    }
    return false
  }

  private func digest(of torrent: [UInt8]) async throws(RegistryError) -> Digest? {
    if let digest = fetches.digest(ofTorrent: torrent) { return digest }
    return try await ports.tickets.digest(ofTorrent: torrent)
  }

  /// The ticket by which the torrent is live now.
  private func bringLive(
    _ digest: Digest, for repository: RepositoryName, to member: NodeID
  ) async throws(RegistryError) -> (SwarmTicket, isWhole: Bool)? {
    guard desk.way != nil, desk.engine(.fleet) != nil, !bans.isBanned(member) else { return nil }
    guard try await ports.content.linkedSize(of: digest, in: repository) != nil else {
      return fetches.run(of: digest)?.ticketInSwarm(for: repository, with: member).map { ($0, false) }
    }
    guard let ticket = try await tickets.ticket(for: digest, within: Self.ticketPatience) else { return nil }
    do throws(RegistryError) {
      try await desk.want(digest)
      return (ticket, true)
    } catch {
      switch error.code {
      // An operator stopped it, it has no torrent, or it went just now.
      case .denied, .unsupported, .blobUnknown: return nil
      default: throw error
      }
    }
  }
}
