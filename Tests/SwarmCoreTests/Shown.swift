import FleetCore
import SwarmCore

/// A hidden seed as tests speak with it: milliseconds, and what was shown to whom.
struct Shown {
  var seed: HiddenSeed
  private(set) var pieces: [PeerID: [Int]] = [:]
  private(set) var opened: Set<PeerID> = []

  init(pieceCount: Int, _ change: (inout HidingRules) -> Void = { _ in }) {
    var rules = HidingRules()
    rules.firstWindow = 100
    change(&rules)
    var chance = SplitMix64(seed: 1)
    seed = HiddenSeed(pieceCount: pieceCount, rules: rules, using: &chance)
  }

  /// What this event has shown to each.
  @discardableResult
  mutating func take(_ event: HiddenSeed.Event, at milliseconds: Int64) -> [PeerID: [Int]] {
    var now: [PeerID: [Int]] = [:]
    for step in seed.take(event, at: milliseconds * 1000) {
      switch step {
      case .show(let peer, let shown): now[peer, default: []] += shown
      case .open(let peer): opened.insert(peer)
      }
    }
    for (peer, shown) in now { pieces[peer, default: []] += shown }
    return now
  }

  var all: [Int] { pieces.values.flatMap { $0 }.sorted() }
}

extension PeerID {
  static let a = PeerID(1)
  static let b = PeerID(2)
  static let c = PeerID(3)
  static let d = PeerID(4)
}
