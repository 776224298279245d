import CurlKit
import FleetCore
import FleetService
import RegistryCore

/// Sparing the line between two sites: who is near is asked alone, and one of them to fetch.
extension FleetChannel: FleetSites {
  /// It answers when its own fetch has begun; in its turn it may ask one that ranks higher.
  private static let fetcherPatience = Duration.milliseconds(2_500)

  public var sites: (any FleetSites)? { self }

  public func isFar(_ member: NodeID) -> Bool { attached?.current.isAtOtherSite(member) ?? false }

  public func fetchers(of digest: Digest) -> [NodeID]? { attached?.current.fetchers(of: digest) }

  public func ask(
    _ member: NodeID, toFetch digest: Digest, in repository: RepositoryName, knowing ticket: SwarmTicket?
  ) async -> FetcherWord? {
    guard let view = attached?.current, view.isMember(member), !view.isAtOtherSite(member) else { return nil }
    let question = SwarmQuestion(digest: digest, repository: repository, known: ticket)
    var fields = HTTPHeaders()
    if let ticket { fields.append(SwarmAnswer.knownTorrent, SwarmAnswer.name(of: ticket)) }
    let bytes = await fetch(
      .fetch(digest, repository), from: member, at: addresses(of: member), fields: fields, sending: [],
      HTTPPatience(whole: Self.fetcherPatience), atMost: SwarmAnswer.byteLimit)
    guard let (peer, answer) = await read(bytes, of: member, question), let received = answer.receivedBytes else {
      return nil
    }
    return FetcherWord(peer, receivedBytes: received)
  }

  // MARK: - Who is near

  func nearSwarm(of digest: Digest, in repository: RepositoryName, _ clues: BlobClues) async -> SwarmFinding {
    let near = near(circle.near)
    var search = SwarmSearch(limit: SwarmFinding.memberLimit, among: near)
    let question = SwarmQuestion(digest: digest, repository: repository, known: clues.ticket)
    let asked = await likely(digest, in: repository, clues, near)
    guard clues.ticket != nil else {
      // There are others to be asked: nobody who is silent is waited for.
      await ask(
        search.next(asked), question, &search, enough: Self.nextPeerPatience, late: Self.swarmWavePatience)
      return search.finding
    }
    await ask(search.next(clues.named + asked), question, &search, enough: Self.swarmPatience)
    await ask(search.next(search.finding.others), question, &search, enough: Self.swarmPatience)
    return search.finding
  }

  func nearHolders(
    of digest: Digest, in repository: RepositoryName, _ clues: BlobClues
  ) async -> [RegistryCore.Holding] {
    let asked = await likely(digest, in: repository, clues, near(circle.near))
    return await holders(of: digest, in: repository, among: asked, Self.doubtedPatience)
  }

  private func near(_ members: [NodeID]) -> [NodeID] { members.filter { !isFar($0) } }

  /// In a small fleet all of them, in a larger one those that are said to have it.
  private func likely(
    _ digest: Digest, in repository: RepositoryName, _ clues: BlobClues, _ near: [NodeID]
  ) async -> [NodeID] {
    guard circle.near.count >= LocateDesk.smallFleet else { return near }
    let near = Set(near)
    let located = await located(digest, in: repository, clues, circle.near).filter(near.contains)
    return Array(located.prefix(Self.locatedMembers))
  }
}
