import RegistryCore

// Comparing, fetching and bringing.
extension FleetMachine {
  /// Every period: a few members that are there, and now and then one that is not.
  mutating func beginExchanges() {
    let period = FleetLimits.exchangePeriodMilliseconds
    nextExchange = now.monotonic + period * 9 / 10 + Int64(chance.below(Int(period / 5)))
    // Nobody answers who was removed.
    guard directory.isMember(node) else { return }
    if !shunned.isEmpty { shunned = shunned.filter { $0.value > now.monotonic } }
    for node in detector.takeDue(now: now.monotonic) { effects.append(.member(node, .down)) }
    for peer in peers(FleetLimits.exchangePeers) { ask(peer, .exchange(greeting), for: .exchange) }
    if let peer = doubtedPeer() { ask(peer, .exchange(greeting), for: .exchange) }
  }

  /// Somebody waits for the latest. After a time alone all members are in doubt here: then those are asked.
  mutating func refresh() {
    guard now.monotonic >= nextRefresh else { return }
    nextRefresh = now.monotonic + FleetLimits.refreshPauseMilliseconds
    let answering = peers(FleetLimits.refreshPeers)
    let asked = answering.isEmpty ? Array(detector.inDoubt.suffix(FleetLimits.refreshPeers)) : answering
    for peer in asked { ask(peer, .exchange(greeting), for: .exchange) }
  }

  /// Who is away is asked about as often, by all together, as who is there.
  private mutating func doubtedPeer() -> NodeID? {
    let (doubted, members) = (detector.doubted, directory.members.count)
    guard doubted > 0, chance.below(max(1, members - doubted)) < doubted * FleetLimits.exchangePeers else { return nil }
    let nodes = detector.inDoubt
    return nodes[chance.below(nodes.count)]
  }

  var greeting: Greeting {
    Greeting(
      heads: heads.digest, directory: directory.digest, cards: cards.digest,
      incarnation: cards[node]?.incarnation ?? 0, wall: now.wall, suspicions: detector.suspicions,
      bulletin: bulletinOfNow, shortenings: shortenings)
  }

  /// A member has answered what it knows.
  mutating func takeGreeting(_ greeting: Greeting, of ask: Ask) {
    noteClock(greeting, of: ask)
    takeSuspicions(greeting.suspicions)
    note(greeting.bulletin, of: ask.peer)
    met(ask.peer, greeting)
    if greeting.directory != directory.digest || greeting.cards != cards.digest {
      self.ask(ask.peer, .news(directory: directory.summary, cards: cards.summary), for: .news)
    }
    if greeting.cards != cards.digest, let own = cards[node] {
      // It may know an address at which this node is no more; then it cannot come and ask.
      self.ask(ask.peer, .push(Gossip(cards: [own])), for: .push)
    }
    let begun = ask.sent.monotonic
    guard greeting.heads != heads.digest else { return wasComplete(begun) }
    let parts = Int64((heads.count + FleetLimits.headsInMessage - 1) / FleetLimits.headsInMessage)
    let (part, all) = parts > 1 ? (Int64(chance.below(Int(parts * 2))), parts * 2) : (0, 1)
    guard let comparison = Comparison(part: part, of: all, heads: heads.all(inPart: part, of: all)) else { return }
    self.ask(ask.peer, .compare(comparison), for: .compare(begun: begun))
  }

  mutating func met(_ peer: NodeID, _ greeting: Greeting) {
    guard greeting.heads == heads.digest, greeting.directory == directory.digest, let told = greeting.shortenings
    else { return }
    forgetting.met(peer, shortenings: told, of: directory.members, besides: node)
  }

  private mutating func noteClock(_ greeting: Greeting, of ask: Ask) {
    offsets.take(ask.peer, wall: greeting.wall, asked: ask.sent.monotonic, answered: now.monotonic)
  }

  /// At start, before anything is written.
  mutating func takeClock(_ greeting: Greeting, of ask: Ask) {
    noteClock(greeting, of: ask)
    settling?.clockAnswered()
    settleIfOver()
  }

  func wasFresh(_ begun: Int64) -> Bool { begun > freshAt ?? .min }

  mutating func wasComplete(_ begun: Int64) {
    if wasFresh(begun) { freshAt = begun }
  }

  /// Where a member's logs end otherwise than here.
  mutating func takeDifferences(_ heads: [WriterHead], from peer: NodeID, begun: Int64) {
    var (wants, lacks, targets) = ([Want](), [Want](), [WriterID: Int64]())
    for theirs in heads where directory.membership(of: theirs.writer.node) != nil {
      let mine = self.heads.shown(theirs.writer)
      let sequence = mine?.sequence ?? 0
      if theirs.sequence > sequence {
        guard sequence < rules.limit(of: theirs.writer) else { continue }
        wants.append(Want(writer: theirs.writer, after: sequence))
        targets[theirs.writer] = theirs.sequence
      } else if theirs.sequence < sequence {
        lacks.append(Want(writer: theirs.writer, after: theirs.sequence))
      } else if let mine, mine.hash != theirs.hash {
        hunt(theirs.writer, with: peer, at: theirs.sequence)
      }
    }
    if !lacks.isEmpty { read(Array(lacks.prefix(FleetLimits.wants)), for: .push(peer)) }
    guard !wants.isEmpty else { return wasComplete(begun) }
    pull(wants, targets: targets, from: peer, begun: begun)
  }

  /// Asks for logs that nobody is being asked for.
  mutating func pull(_ wants: [Want], targets: [WriterID: Int64], from peer: NodeID, begun: Int64) {
    let wants = wants.prefix(FleetLimits.wants).filter { want in
      let source = Pulls.Source(peer: peer, target: targets[want.writer] ?? want.after, begun: begun)
      return pulls.begin(want.writer, from: source)
    }
    guard !wants.isEmpty else { return }
    let asked = ask(peer, .pull(wants), for: .pull(wants.map(\.writer), begun: begun))
    if !asked { for want in wants { pulls.end(want.writer) } }
  }

  mutating func takePulled(_ runs: [ClaimRun], of ask: Ask, _ writers: [WriterID], begun: Int64) {
    let admitting = runs.prefix(FleetLimits.wants).filter { writers.contains($0.writer) }
      .compactMap { check($0, from: ask.peer) }
      .map { Store.Admitting(run: $0, hops: 1, peer: ask.peer) }
    let fetch = Store.Fetch(peer: ask.peer, writers: writers, begun: begun)
    guard !admitting.isEmpty else { return fetched(fetch, isProgress: false) }
    admit(admitting, for: fetch)
  }

  /// A pull is over: on to what it left, if it brought anything.
  mutating func fetched(_ fetch: Store.Fetch, isProgress: Bool) {
    var (wants, targets) = ([Want](), [WriterID: Int64]())
    for writer in fetch.writers {
      guard let source = pulls.source(of: writer) else { continue }
      pulls.end(writer)
      let end = tip(of: writer).sequence
      guard end < min(source.target, rules.limit(of: writer)) else { continue }
      wants.append(Want(writer: writer, after: end))
      targets[writer] = source.target
    }
    if wants.isEmpty { wasComplete(fetch.begun) }
    if isProgress, !wants.isEmpty { pull(wants, targets: targets, from: fetch.peer, begun: fetch.begun) }
  }
}
