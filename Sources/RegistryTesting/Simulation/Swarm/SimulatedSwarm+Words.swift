import FleetCore
import SwarmCore

// What nodes say to each other, and conclude.
extension SimulatedSwarm {
  var isHidden: Bool { plan.hides && Int64(plan.bytes) >= HidingRules.leastBytes }

  func greet(_ number: PeerID, from node: Int, to peer: Int) {
    let member = members[node]
    if member.isWhole || member.plan.isMute {
      send(.haveAll, on: number, from: node)
      if !member.plan.isMute { meet(number, peer, isVeiled: isHidden && !members[peer].plan.isForeign, at: node) }
    } else if member.have > 0 {
      send(.bitfield(Self.runs(member.pieces)), on: number, from: node)
    }
  }

  private static func runs(_ pieces: [Bool]) -> [Range<Int>] {
    var (runs, start): ([Range<Int>], Int?) = ([], nil)
    for piece in 0...pieces.count {
      let has = piece < pieces.count && pieces[piece]
      if has, start == nil { start = piece }
      if !has, let begun = start {
        runs.append(begun..<piece)
        start = nil
      }
    }
    return runs
  }

  func beginSeeding(_ node: Int) {
    guard isHidden, !members[node].plan.isForeign, !members[node].plan.isMute else { return }
    members[node].seed = HiddenSeed(pieceCount: pieceCount, rules: plan.rules, using: &members[node].chance)
    // Those it met before know its pieces by its words.
    for connection in members[node].connections where connection.isOpen {
      tell(.joins(connection.number, isVeiled: false), to: node)
      for run in Self.runs(connection.has) { tell(.has(connection.number, run), to: node) }
    }
  }

  private func meet(_ number: PeerID, _ peer: Int, isVeiled: Bool, at node: Int) {
    tell(.joins(number, isVeiled: isVeiled), to: node)
  }

  func tell(_ event: HiddenSeed.Event, to node: Int) {
    guard let steps = members[node].seed?.take(event, at: now) else { return }
    for step in steps {
      switch step {
      case .show(let peer, let pieces): for piece in pieces { send(.have(piece), on: peer, from: node) }
      case .open(let peer): send(.haveAll, on: peer, from: node)
      }
    }
    planTick(node)
  }

  private func tellVeils(_ event: SeedVeils.Event, of node: Int) {
    for step in members[node].veils.take(event, at: now) {
      switch step {
      case .cut(let peer):
        result.cut += 1
        guard let place = members[node].places[peer] else { continue }
        queue.add(.lost(members[node].connections[place].peer, peer), at: now + members[node].plan.latency)
        lose(peer, at: node)
      case .suggest(let peer, let pieces): for piece in pieces { send(.suggest(piece), on: peer, from: node) }
      }
    }
    planTick(node)
  }

  private func planTick(_ node: Int) {
    let due = [members[node].seed?.nextTick, members[node].veils.nextTick].compactMap { $0 }.min()
    guard let due, due < members[node].tickAt ?? .max else { return }
    members[node].tickAt = due
    queue.add(.tick(node), at: max(due, now + 1))
  }

  func tick(_ node: Int) {
    guard !members[node].hasEnded, let due = members[node].tickAt, due <= now else { return }
    members[node].tickAt = nil
    tell(.tick, to: node)
    tellVeils(.tick, of: node)
  }

  private func unveil(_ place: Int, at node: Int) {
    members[node].connections[place].isVeiled = false
    members[node].connections[place].hasUnveiled = true
    for piece in 0..<pieceCount { members[node].note(has: piece, at: place) }
  }

  // MARK: - Hearing

  func hear(_ word: SwarmWord, at node: Int, _ place: Int) {
    let number = members[node].connections[place].number
    switch word {
    case .haveAll: hearAll(number, at: node, place)
    case .bitfield(let runs):
      for run in runs {
        for piece in run { members[node].note(has: piece, at: place) }
        tell(.has(number, run), to: node)
      }
    case .have(let piece):
      members[node].note(has: piece, at: place)
      if members[node].connections[place].isVeiled { tellVeils(.shown(number, piece), of: node) }
      tell(.has(number, piece..<piece + 1), to: node)
    case .suggest(let piece): tell(.wants(number, piece), to: node)
    case .request(let piece, let block):
      if members[node].pieces[piece], !members[node].plan.isMute {
        send(.block(piece: piece, block), on: number, from: node)
      }
    case .cancel(let piece, let block): members[node].connections[place].drop(piece: piece, block: block)
    case .block(let piece, let block): hearBlock(piece, block, at: node, place)
    }
  }

  private func hearAll(_ number: PeerID, at node: Int, _ place: Int) {
    let connection = members[node].connections[place]
    let isFirst = !connection.isVeiled && !connection.hasUnveiled
    let knowsHiding = isHidden && !members[node].plan.isForeign && !members[connection.peer].plan.isForeign
    if isFirst, knowsHiding, !members[node].isWhole {
      members[node].connections[place].isVeiled = true
      tellVeils(.veiled(number), of: node)
    } else {
      unveil(place, at: node)
      tellVeils(.unveiled(number), of: node)
      tell(.has(number, 0..<pieceCount), to: node)
    }
  }

  private func hearBlock(_ piece: Int, _ block: Int, at node: Int, _ place: Int) {
    members[node].connections[place].noteBlock(piece, block, at: now)
    let isWholePiece = members[node].take(piece: piece, block: block)
    cancelElsewhere(piece, block, at: node, besides: place)
    guard isWholePiece else { return }
    noteProgress(piece, at: node)
    tellVeils(.has(piece), of: node)
    for connection in members[node].connections where connection.isOpen {
      send(.have(piece), on: connection.number, from: node)
    }
    if members[node].isWhole {
      noteWhole(node)
      beginSeeding(node)
    }
  }

  private func cancelElsewhere(_ piece: Int, _ block: Int, at node: Int, besides place: Int) {
    for other in members[node].connections.indices where other != place {
      let requested = members[node].connections[other].requested
      guard requested.contains(where: { $0.piece == piece && $0.block == block }) else { continue }
      members[node].connections[other].requested.removeAll { $0.piece == piece && $0.block == block }
      send(.cancel(piece: piece, block), on: members[node].connections[other].number, from: node)
    }
  }

  private func noteProgress(_ piece: Int, at node: Int) {
    let before = members[node].prefix
    while members[node].prefix < pieceCount, members[node].pieces[members[node].prefix] { members[node].prefix += 1 }
    if members[node].prefix > before { members[node].waitsSince = now }
    if before == 0, members[node].prefix > 0 { members[node].firstPieceAt = now }
    if members[node].readableAtHalf == nil, members[node].have * 2 >= pieceCount {
      members[node].readableAtHalf = Double(members[node].prefix) / Double(members[node].have)
    }
  }

  // MARK: - Asking

  func ask(_ node: Int, at place: Int) {
    guard !members[node].isWhole, !members[node].hasEnded, !members[node].plan.isMute else { return }
    // A connection begins with few requests and gets one more for each block that comes.
    let limit = members[node].connections[place].limit(plan)
    while members[node].connections[place].isOpen, !members[node].connections[place].isSnubbed,
      members[node].connections[place].requested.count < limit,
      let (piece, block) = members[node].nextRequest(at: place)
    {
      if members[node].connections[place].requested.isEmpty { members[node].connections[place].lastBlock = now }
      members[node].asked[piece] |= 1 << UInt64(block)
      members[node].connections[place].requested.append((piece, block, now))
      send(.request(piece: piece, block), on: members[node].connections[place].number, from: node)
    }
  }

  /// Once in a while: requests that were lost, connections that have nothing to do, a reader that waits.
  func look(_ node: Int) {
    guard !members[node].hasEnded, !members[node].isWhole else { return }
    for place in members[node].connections.indices where members[node].connections[place].isOpen {
      let connection = members[node].connections[place]
      if !connection.requested.isEmpty, now - connection.lastBlock > plan.requestPatience {
        members[node].connections[place].isSnubbed = true
        takeBack(place, at: node)
      }
    }
    let senders = members[node].connections.count { $0.blocksInWhile > 0 }
    for place in members[node].connections.indices { members[node].connections[place].look(Self.lookInterval, senders) }
    for place in members[node].connections.indices { ask(node, at: place) }
    if members[node].plan.reads, now - members[node].waitsSince > Self.readerPatience {
      members[node].waitsSince = now
      tellVeils(.wants([members[node].prefix]), of: node)
    }
    queue.add(.look(node), at: now + Self.lookInterval)
  }

  private static let readerPatience: SwarmInstant = 2_000_000

  private func takeBack(_ place: Int, at node: Int) {
    for (piece, block, _) in members[node].connections[place].requested {
      members[node].asked[piece] &= ~(1 << UInt64(block)) | members[node].got[piece]
    }
    members[node].connections[place].requested = []
    members[node].connections[place].current = nil
  }

  func lose(_ number: PeerID, at node: Int) {
    guard let place = members[node].places[number], members[node].connections[place].isOpen else { return }
    members[node].connections[place].isOpen = false
    takeBack(place, at: node)
    for piece in 0..<pieceCount where members[node].connections[place].has[piece] { members[node].seen[piece] -= 1 }
    tell(.leaves(number), to: node)
    tellVeils(.unveiled(number), of: node)
    for place in members[node].connections.indices { ask(node, at: place) }
  }
}
