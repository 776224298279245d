import RegistryCore

@testable import FleetCore
@testable import RegistryTesting

/// One machine of a fleet, with the test as its world.
struct MachineBench {
  var machine: FleetMachine<SimulatedNotary>
  /// So that what a test tells after the start, at 0, is told on at once: a start is told of, too.
  var time: Int64 = -FleetLimits.rumourPauseMilliseconds
  var wall: Int64 { SimulatedClock.start + time + wallOffset }
  /// By how much somebody has set the wall clock.
  var wallOffset: Int64 = 0
  /// All members; the machine is the first's.
  let notaries: [SimulatedNotary]
  let fleetNotary: SimulatedNotary
  private(set) var replies = 0

  init(members: Int = 8) {
    var plan = SimulationPlan(seed: 42)
    plan.nodes = members
    fleetNotary = SimulatedNotary(number: 4242)
    var chance = SplitMix64(seed: 1)
    let nodes = SimulatedFounding(plan, fleetNotary).nodes(chance: &chance)
    machine = nodes[0].machine
    notaries = nodes.map(\.notary)
  }

  var fleet: FleetID { machine.directory.fleet }
  var writer: WriterID { WriterID(node: machine.node, epoch: 1) }

  /// The log of a member.
  func chain(_ place: Int, epoch: Int64 = 1) -> Chain { Chain(notaries[place], in: fleet, epoch: epoch) }

  /// A card of the machine's node, as a copy of its data folder at another port signs it.
  func twinsCard(incarnation: Int64) -> MemberCard? {
    SimulatedFounding.card(of: notaries[0], 77, fleet, incarnation: incarnation, port: 7777)
  }

  mutating func feed(_ input: FleetInput, after milliseconds: Int64 = 0) -> [FleetEffect] {
    time += milliseconds
    var effects: [FleetEffect] = []
    machine.handle(input, at: Moment(monotonic: time, wall: wall), into: &effects)
    return effects
  }

  /// Starts, and lets every member answer that it knows nothing of this node. Its card is told then, and what is next is
  /// told at once.
  @discardableResult
  mutating func start(heads: [WriterID: ClaimHead] = [:], clocksAhead: Int64 = 0) -> [FleetEffect] {
    var effects = feed(.started(writer: writer, heads: heads))
    effects += answerClocks(effects.asks, ahead: clocksAhead)
    for (_, token, message) in effects.asks where message == .ownHeads {
      effects += feed(.answered(token, .heads([])))
    }
    time += FleetLimits.rumourPauseMilliseconds
    return effects
  }

  /// A period later: whoever is asked answers that it knows the same, and tells its time.
  mutating func exchange(clocksAhead: Int64) -> [FleetEffect] {
    let effects = feed(.woke, after: FleetLimits.exchangePeriodMilliseconds * 3 / 2)
    return effects + answerClocks(effects.asks, ahead: clocksAhead)
  }

  /// Tells the time to who asks at start.
  mutating func answerClocks(_ asks: [(peer: NodeID, token: FleetToken, message: FleetMessage)], ahead: Int64 = 0)
    -> [FleetEffect]
  {
    var effects: [FleetEffect] = []
    for ask in asks {
      guard case .exchange(var greeting) = ask.message else { continue }
      greeting.wall = wall + ahead
      effects += feed(.answered(ask.token, .exchange(greeting)))
    }
    return effects
  }

  mutating func asked(by place: Int, _ message: FleetMessage) -> [FleetEffect] {
    replies += 1
    return feed(.asked(notaries[place].node, ReplyToken(rawValue: UInt64(replies)), message))
  }

  mutating func pushed(by place: Int, _ runs: ClaimRun?...) -> [FleetEffect] {
    asked(by: place, .push(Gossip(rumours: runs.compactMap { $0 }.map { Gossip.Rumour($0, hops: 0) })))
  }

  /// Does what the ledger would, for the first `admit` among effects.
  mutating func admit(_ effects: [FleetEffect]) -> [FleetEffect] {
    for case .admit(let token, let runs) in effects {
      let admissions = runs.map { run -> Admission? in
        let last = run.claims[run.claims.count - 1]
        let hash = ClaimHash(notaries[0].hash(last.chainedBytes).bytes)!
        return .admitted(ClaimHead(sequence: last.body.sequence, hash: hash), added: run.claims.count)
      }
      return feed(.admitted(token, admissions))
    }
    return []
  }
}

extension [FleetEffect] {
  var asks: [(peer: NodeID, token: FleetToken, message: FleetMessage)] {
    compactMap { if case .ask(let peer, let token, let message) = $0 { (peer, token, message) } else { nil } }
  }

  var replies: [FleetMessage] { compactMap { if case .reply(_, let message) = $0 { message } else { nil } } }

  var admitted: [ClaimRun] {
    flatMap { effect -> [ClaimRun] in if case .admit(_, let runs) = effect { runs } else { [] } }
  }

  var notices: [FleetNotice] { compactMap { if case .noticed(let notice) = $0 { notice } else { nil } } }

  var gates: [WriteGate] { compactMap { if case .writing(let gate) = $0 { gate } else { nil } } }

  var corrections: [Int64] { compactMap { if case .correctClock(let by) = $0 { by } else { nil } } }

  var epochs: Int { count { if case .beginEpoch = $0 { true } else { false } } }

  var pushes: [(peer: NodeID, gossip: Gossip)] {
    asks.compactMap { ask in if case .push(let gossip) = ask.message { (ask.peer, gossip) } else { nil } }
  }
}
