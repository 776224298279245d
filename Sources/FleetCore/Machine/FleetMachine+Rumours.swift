import RegistryCore

// Telling what is new.
extension FleetMachine {
  mutating func wrote(_ run: ClaimRun) {
    guard run.writer.node == node, let last = run.claims.last else { return }
    let head = ClaimHead(sequence: last.body.sequence, hash: memberNotary.hash(last.chainedBytes))
    if head.sequence > heads[run.writer]?.sequence ?? 0 { heads[run.writer] = head }
    cutLog(of: run.writer)
    rumours.add(run, hops: 0)
    noticeOwnClock(last)
  }

  mutating func tellRumours() {
    guard let gossip = rumours.take(now: now.monotonic), !gossip.isEmpty else { return }
    for peer in peers(FleetLimits.fanout) { ask(peer, .push(gossip), for: .push) }
  }

  /// Takes in what a member tells, and what is good of it.
  mutating func take(_ gossip: Gossip, from peer: NodeID) {
    takeNews(gossip.news, cards: gossip.cards, from: peer)
    var admitting: [Store.Admitting] = []
    for rumour in gossip.rumours.prefix(FleetLimits.wants) {
      guard let run = check(rumour.run, from: peer) else { continue }
      admitting.append(Store.Admitting(run: run, hops: rumour.hops + 1, peer: peer))
    }
    admit(admitting, for: nil)
  }

  /// Takes in records, proofs and cards, and tells on what is new. What does not stand is dropped without blame, but for
  /// what nobody can have signed.
  /// - Parameter peer: `nil`: this node itself.
  mutating func takeNews(_ news: DirectoryNews, cards more: [MemberCard], from peer: NodeID?) {
    guard !news.isEmpty || !more.isEmpty else { return }
    var (fresh, freshCards) = (DirectoryNews(), [MemberCard]())
    var hasForged = false
    for record in news.records {
      let taking = directory.take(record, notary: notary)
      if taking == .new { fresh.records.append(record) }
      if taking == .refused(.forged) { hasForged = true }
    }
    for fork in news.forks {
      let before = rules.limit(of: fork.writer)
      let taking = directory.take(fork, notary: notary)
      if taking == .new { fresh.forks.append(fork) }
      if taking == .new { wasProven(fork, before: before) }
      if taking == .refused(.forged) { hasForged = true }
    }
    for card in more {
      let taking = cards.take(card, directory: directory, notary: notary)
      if taking == .new { freshCards.append(card) }
      if taking == .new, card.node == node { mayBeMisquoted = true }
      if taking == .new, detector.refuted(card.node, incarnation: card.incarnation) { tellState(of: card.node) }
      if taking == .refused(.forged) { hasForged = true }
    }
    if hasForged, let peer { shun(peer, for: .statement) }
    spread(fresh, freshCards)
  }

  func spreadable(_ news: DirectoryNews, _ cards: [MemberCard]) -> Bool {
    news.records.count + news.forks.count + cards.count <= FleetLimits.newsForwarded
  }

  mutating func spread(_ news: DirectoryNews, _ fresh: [MemberCard]) {
    guard !news.isEmpty || !fresh.isEmpty else { return }
    effects.append(.keep(news, fresh))
    if !news.isEmpty {
      for node in cards.drop(strangersTo: directory) {
        detector.forget(node)
        offsets.forget(node)
        bulletins[node] = nil
      }
      applyRules(isFirst: false)
    }
    if spreadable(news, fresh) { rumours.add(news, cards: fresh) }
  }
}
