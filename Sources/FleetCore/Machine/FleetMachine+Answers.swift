import RegistryCore

// Questions of members, and their answers.
extension FleetMachine {
  mutating func answer(_ peer: NodeID, _ token: ReplyToken, _ message: FleetMessage) {
    guard directory.isMember(peer) else { return reply(token, farewell(to: peer)) }
    guard shunned[peer] == nil else { return reply(token, .busy) }
    wasHeard(peer)
    switch message {
    case .exchange(let greeting):
      takeSuspicions(greeting.suspicions)
      met(peer, greeting)
      note(greeting.bulletin, of: peer)
      reply(token, .exchange(self.greeting))
    case .compare(let comparison): reply(token, .heads(heads.differing(from: comparison)))
    case .pull(let wants): answerPull(token, wants)
    case .push(let gossip):
      take(gossip, from: peer)
      reply(token, .taken)
    case .news(let directory, let cards): reply(token, .push(news(beyond: directory, cards)))
    case .probe(let target): relay(target, token)
    case .ownHeads: reply(token, .heads(heads.all(of: peer)))
    case .heads, .runs, .probed, .taken, .announce, .receipt, .locate, .located, .busy, .unknown, .unsupported:
      reply(token, .unsupported)
    }
  }

  /// Who was removed may not have heard of it: it is told so by the record that says it, which speaks of nobody else.
  private func farewell(to peer: NodeID) -> FleetMessage {
    guard let removal = directory.removal(of: peer) else { return .unsupported }
    return .push(Gossip(news: DirectoryNews(records: [removal])))
  }

  mutating func reply(_ token: ReplyToken, _ message: FleetMessage) { effects.append(.reply(token, message)) }

  private mutating func answerPull(_ token: ReplyToken, _ wants: [Want]) {
    guard waitingReplies < FleetLimits.waitingReplies, !wants.isEmpty else { return reply(token, .busy) }
    waitingReplies += 1
    read(wants, for: .reply(token))
  }

  private mutating func news(beyond directory: ShelfSums, _ cards: ShelfSums) -> Gossip {
    let turn = chance.next()
    return Gossip(
      news: self.directory.news(for: directory, byteLimit: FleetLimits.newsBytes, turn: turn),
      cards: self.cards.news(for: cards, byteLimit: FleetLimits.newsBytes, turn: turn))
  }

  private mutating func relay(_ target: NodeID, _ token: ReplyToken) {
    guard directory.isMember(target), target != node, ask(target, .exchange(greeting), for: .relay(token)) else {
      return reply(token, .probed(target == node))
    }
  }

  /// An answer that does not fit the question counts as none.
  mutating func takeAnswer(_ token: FleetToken, _ message: FleetMessage) {
    guard let ask = asks.take(token) else { return }
    guard directory.isMember(ask.peer), shunned[ask.peer] == nil else { return wasUnanswered(ask) }
    wasHeard(ask.peer)
    switch (ask.purpose, message) {
    case (.exchange, .exchange(let greeting)): takeGreeting(greeting, of: ask)
    case (.compare(let begun), .heads(let heads)): takeDifferences(heads, from: ask.peer, begun: begun)
    case (.pull(let writers, let begun), .runs(let runs)): takePulled(runs, of: ask, writers, begun: begun)
    case (.news, .push(let gossip)): takeNews(gossip.news, cards: gossip.cards, from: ask.peer)
    case (.probe(let target), .probed(let isThere)): wasTold(of: target, isThere: isThere)
    case (.relay(let reply), _): self.reply(reply, .probed(true))
    case (.clock, .exchange(let greeting)): takeClock(greeting, of: ask)
    case (.ownHeads, .heads(let heads)): takeOwnHeads(heads, from: ask.peer)
    case (.hunt(let writer), .runs(let runs)): huntRead(writer, theirs: runs.first)
    case (_, .push(let gossip)): wereTurnedAway(ask, gossip.news)
    case (.push, _): break
    default: wasUnanswered(ask)
    }
  }

  /// Instead of an answer: that this node was removed, if it is true.
  private mutating func wereTurnedAway(_ ask: Ask, _ news: DirectoryNews) {
    takeNews(news, cards: [], from: ask.peer)
    wasUnanswered(ask)
  }

  mutating func wasUnanswered(_ ask: Ask) {
    switch ask.purpose {
    case .exchange: doubt(ask.peer)
    case .pull(let writers, _): for writer in writers { pulls.end(writer) }
    case .probe(let target): wasTold(of: target, isThere: false)
    case .relay(let reply): self.reply(reply, .probed(false))
    case .ownHeads:
      settling?.unanswered()
      settleIfOver()
    case .clock:
      settling?.clockUnanswered()
      settleIfOver()
    case .hunt(let writer): hunts[writer] = nil
    case .compare, .push, .news: break
    }
  }

  mutating func wereRead(_ token: FleetToken, _ runs: [ClaimRun]) {
    guard let store = stores.removeValue(forKey: token) else { return }
    switch store {
    case .admit: break
    case .reply(let reply):
      waitingReplies -= 1
      self.reply(reply, .runs(runs.compactMap(counting)))
    case .push(let peer):
      let rumours = runs.compactMap(counting).map { Gossip.Rumour($0, hops: 1) }
      if !rumours.isEmpty { ask(peer, .push(Gossip(rumours: rumours)), for: .push) }
    case .cut(let writer, let limit): wasCut(writer, at: limit, runs.first)
    case .hunt(let writer): huntRead(writer, mine: runs.first)
    case .ownEnd: noticeOwnClock(runs.first?.claims.last)
    case .ahead: readAhead(runs.first?.claims.first)
    }
  }

  /// As much of a run as counts.
  private func counting(_ run: ClaimRun) -> ClaimRun? {
    let limit = rules.limit(of: run.writer)
    guard let last = run.claims.last, last.body.sequence > limit else { return run }
    return ClaimRun(after: run.after, run.claims.filter { $0.body.sequence <= limit })
  }
}
