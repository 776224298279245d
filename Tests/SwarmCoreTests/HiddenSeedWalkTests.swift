import FleetCore
import SwarmCore
import Testing

/// Whatever peers say in whatever order: a model beside the machine says what must not happen.
@Suite struct HiddenSeedWalkTests {
  private struct Model {
    struct Peer {
      let isVeiled: Bool
      var isOpened = false
      var has: Set<Int> = []
      var shown: Set<Int> = []
      var wanted: Set<Int> = []
    }

    let pieceCount: Int
    var peers: [PeerID: Peer] = [:]
    var problems: [String] = []

    mutating func hear(_ event: HiddenSeed.Event) {
      switch event {
      case .joins(let id, let isVeiled): peers[id] = peers[id] ?? Peer(isVeiled: isVeiled)
      case .has(let id, let pieces): peers[id]?.has.formUnion(pieces.clamped(to: 0..<pieceCount))
      case .wants(let id, let piece): peers[id]?.wanted.insert(piece)
      case .leaves(let id): peers[id] = nil
      case .tick: break
      }
    }

    mutating func see(_ step: HiddenSeed.Step) {
      switch step {
      case .open(let id):
        if peers[id]?.isVeiled != true || peers[id]?.isOpened == true { problems.append("opened to \(id)") }
        peers[id]?.isOpened = true
      case .show(let id, let pieces):
        guard let peer = peers[id], peer.isVeiled, !peer.isOpened else { return problems.append("shown to \(id)") }
        for piece in pieces {
          if !(0..<pieceCount ~= piece) { problems.append("no piece: \(piece)") }
          if peer.has.contains(piece) { problems.append("\(id) has \(piece)") }
          if peers[id]?.shown.insert(piece).inserted != true { problems.append("\(id) was shown \(piece)") }
          // Those that have everything do not count.
          let hasOthers = peers.contains {
            $0.key != id && $0.value.has.contains(piece) && $0.value.has.count < pieceCount
          }
          let areAllOut = (0..<pieceCount).allSatisfy { each in
            peers.values.contains { $0.has.contains(each) || $0.shown.contains(each) }
          }
          if hasOthers, !areAllOut, !peer.wanted.contains(piece) { problems.append("\(piece) is with others") }
        }
      }
    }
  }

  @Test(arguments: 1...30) func noPieceIsShownWhereItShouldNotBe(seed: UInt64) {
    var chance = SplitMix64(seed: seed)
    let pieceCount = 1 + chance.below(80)
    var rules = HidingRules()
    rules.bandPieces = 1 + chance.below(20)
    rules.firstBudget = Double(1 + chance.below(12))
    rules.lastWindow = 1 + chance.below(6)
    var machine = HiddenSeed(pieceCount: pieceCount, rules: rules, using: &chance)
    var model = Model(pieceCount: pieceCount)
    var now: SwarmInstant = 0
    for _ in 0..<400 {
      now += Int64(chance.below(200_000))
      let event = event(pieceCount, model, &chance)
      model.hear(event)
      for step in machine.take(event, at: now) { model.see(step) }
      if case .tick = event, let next = machine.nextTick, next <= now { model.problems.append("due at once again") }
    }
    #expect(model.problems.isEmpty, "seed \(seed)")
  }

  private func event(_ pieceCount: Int, _ model: Model, _ chance: inout SplitMix64) -> HiddenSeed.Event {
    let known = model.peers.keys.sorted()
    let id = known.isEmpty ? PeerID(1) : known[chance.below(known.count)]
    switch chance.below(20) {
    case 0, 1: return .joins(PeerID(UInt32(1 + chance.below(30))), isVeiled: chance.below(4) > 0)
    case 2: return .leaves(id)
    case 3: return .tick
    case 4: return .wants(id, chance.below(pieceCount + 2) - 1)
    case 5:
      let start = chance.below(pieceCount)
      return .has(id, start..<start + chance.below(pieceCount - start + 1))
    default:
      // As a rule what it was shown comes.
      guard let peer = model.peers[id], let piece = peer.shown.subtracting(peer.has).min() else { return .tick }
      return .has(id, piece..<piece + 1)
    }
  }

  /// Peers that hand on nothing to each other, some of them slow, one silent for a while: the seed alone serves them
  /// all.
  @Test(arguments: 1...20) func everybodyIsShownEverythingInTheEnd(seed: UInt64) {
    var chance = SplitMix64(seed: seed)
    let pieceCount = 20 + chance.below(60)
    var machine = HiddenSeed(pieceCount: pieceCount, using: &chance)
    let peers = (1...UInt32(2 + chance.below(6))).map { PeerID($0) }
    var coming: [(at: SwarmInstant, peer: PeerID, piece: Int)] = []
    var had: [PeerID: Set<Int>] = [:]
    var open: Set<PeerID> = []
    let delays = Dictionary(uniqueKeysWithValues: peers.map { ($0, Int64(1000 << chance.below(10))) })
    func note(_ steps: [HiddenSeed.Step], at now: SwarmInstant) {
      for step in steps {
        switch step {
        case .open(let peer): open.insert(peer)
        case .show(let peer, let pieces): for piece in pieces { coming.append((now + delays[peer]!, peer, piece)) }
        }
      }
    }
    for peer in peers { note(machine.take(.joins(peer, isVeiled: true), at: 0), at: 0) }
    var now: SwarmInstant = 0
    while !peers.allSatisfy({ open.contains($0) || had[$0]?.count == pieceCount }), now < 600_000_000 {
      let next = coming.min { $0.at < $1.at }
      let tick = machine.nextTick ?? .max
      guard next != nil || tick < .max else { break }
      if let next, next.at <= tick {
        now = max(now, next.at)
        coming.removeAll { $0 == next }
        had[next.peer, default: []].insert(next.piece)
        note(machine.take(.has(next.peer, next.piece..<next.piece + 1), at: now), at: now)
      } else {
        now = max(now, tick)
        note(machine.take(.tick, at: now), at: now)
      }
    }
    for peer in peers { #expect(open.contains(peer) || had[peer]?.count == pieceCount, "seed \(seed), \(peer)") }
  }
}
