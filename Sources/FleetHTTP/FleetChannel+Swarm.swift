import CurlKit
import FleetCore
import FleetService
import RegistryCore

// Who takes part in a blob's swarm.
extension FleetChannel {
  static let swarmPatience = Duration.seconds(1)
  /// For whoever is asked first, before others are asked beside it.
  static let swarmWavePatience = Duration.milliseconds(300)
  /// For others, when one has answered: a reader waits.
  static let nextPeerPatience = Duration.milliseconds(50)

  /// A fetch that begins asks few: whoever wrote the manifest, or is said to have the blob, and others where that is nobody.
  /// One that is under way asks more, whom no reader waits for: all that are known to take part, and in a small fleet
  /// everybody. Who is suspected is asked when nobody else has it.
  public func swarm(
    of digest: Digest, in repository: RepositoryName, clues: BlobClues
  ) async -> SwarmFinding {
    if clues.isNearOnly { return await nearSwarm(of: digest, in: repository, clues) }
    let circle = circle
    let (near, doubted) = (circle.near, circle.someDoubted)
    let located = await located(digest, in: repository, clues, near)
    var search = SwarmSearch(limit: SwarmFinding.memberLimit, among: near + doubted)
    let question = SwarmQuestion(digest: digest, repository: repository, known: clues.ticket)
    if clues.ticket != nil {
      let all = near.count < LocateDesk.smallFleet ? near : clues.named + located
      await ask(search.next(all), question, &search, enough: Self.swarmPatience)
      await ask(search.next(search.finding.others), question, &search, enough: Self.swarmPatience)
      return search.finding
    }
    let first = located.isEmpty ? near.filter { $0 == clues.writer } : Array(located.prefix(Self.locatedMembers))
    await ask(search.next(first), question, &search, enough: Self.nextPeerPatience, late: Self.swarmWavePatience)
    if search.finding.isEmpty {
      if !located.isEmpty { attached?.locate.forget(digest) }
      let asked = some(of: near, for: digest, first: clues.writer, limit: Self.askedMembers)
      await ask(search.next(asked), question, &search, enough: Self.nextPeerPatience)
    }
    if search.finding.isEmpty {
      await ask(search.next(doubted), question, &search, enough: .zero, late: Self.doubtedPatience)
    }
    return search.finding
  }

  func located(
    _ digest: Digest, in repository: RepositoryName, _ clues: BlobClues, _ circle: [NodeID]
  ) async -> [NodeID] {
    guard circle.count >= LocateDesk.smallFleet, let locate = attached?.locate else { return [] }
    return await locate.peers(of: digest, beside: clues.beside, in: repository, writer: clues.writer)
  }

  /// Nobody who is asked is broken off: that would cost a connection, and the asker its welcome there. Who answers too late
  /// is found the next time.
  func ask(
    _ members: [NodeID], _ question: SwarmQuestion, _ search: inout SwarmSearch, enough: Duration,
    late: Duration = swarmPatience
  ) async {
    guard !members.isEmpty else { return }
    let (words, told) = AsyncStream<SwarmWord>.makeStream()
    for member in members {
      // Unstructured: it ends with its own deadline.
      Task { told.yield(.answer(await self.ask(member, question))) }
    }
    // Unstructured: a timer, short, that nobody hears after the answers.
    let timer = Task { await Self.yield(after: late, to: told) }
    var left = members.count
    for await word in words {
      guard case .answer(let answer) = word else { break }
      left -= 1
      if let answer, search.take(answer.peer, others: answer.others) {
        // Unstructured: the same.
        Task { await Self.yield(after: enough, to: told) }
      }
      if left == 0 { break }
    }
    timer.cancel()
    told.finish()
  }

  private static func yield(after pause: Duration, to told: AsyncStream<SwarmWord>.Continuation) async {
    // Cancelled: all have answered.
    try? await Task.sleep(for: pause)
    told.yield(.enough)
  }

  private func ask(_ member: NodeID, _ question: SwarmQuestion) async -> (peer: SwarmPeer, others: [NodeID])? {
    var fields = HTTPHeaders()
    if let known = question.known { fields.append(SwarmAnswer.knownTorrent, SwarmAnswer.name(of: known)) }
    let bytes = await fetch(
      .swarm(question.digest, question.repository), from: member, at: addresses(of: member), fields: fields,
      HTTPPatience(whole: Self.swarmPatience), atMost: SwarmAnswer.byteLimit)
    return await read(bytes, of: member, question).map { ($0.peer, $0.answer.others) }
  }

  func read(
    _ bytes: [UInt8]?, of member: NodeID, _ question: SwarmQuestion
  ) async -> (peer: SwarmPeer, answer: SwarmAnswer)? {
    guard let bytes else { return nil }
    let answer = await work.run { SwarmAnswer(bytes: bytes) }
    guard let answer, let ticket = answer.ticket ?? question.known, ticket.digest == question.digest else {
      logFalseTicket(of: member)
      return nil
    }
    return (SwarmPeer(member: member, isWhole: answer.isWhole, ticket: ticket), answer)
  }
}

struct SwarmQuestion: Sendable {
  let digest: Digest
  let repository: RepositoryName
  let known: SwarmTicket?
}

private enum SwarmWord: Sendable {
  /// `nil`: it has nothing of it, or is of an earlier release.
  case answer((peer: SwarmPeer, others: [NodeID])?)
  /// Whoever has not answered by now is not waited for.
  case enough
}

/// What was found so far, and who was asked.
struct SwarmSearch: Sendable {
  private let limit: Int
  private let members: Set<NodeID>
  private var asked: Set<NodeID> = []
  private var peers: [SwarmPeer] = []
  private var named: [NodeID] = []

  /// - Parameter members: who may be asked at all.
  init(limit: Int, among members: [NodeID]) { (self.limit, self.members) = (limit, Set(members)) }

  /// Those of them that were not asked yet, as many as there is room for.
  mutating func next(_ wished: [NodeID]) -> [NodeID] {
    let new = wished.filter { members.contains($0) && asked.insert($0).inserted }
    return Array(new.prefix(max(0, limit - peers.count)))
  }

  /// - Returns: it is the first that is found.
  mutating func take(_ peer: SwarmPeer, others: [NodeID]) -> Bool {
    peers.append(peer)
    named += others.filter { members.contains($0) && !named.contains($0) }
    return peers.count == 1
  }

  var finding: SwarmFinding {
    let answered = peers.map(\.member)
    return SwarmFinding(
      peers: Array(peers.prefix(limit)), others: Array(named.filter { !answered.contains($0) }.prefix(limit)))
  }
}
