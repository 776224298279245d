import FleetCore
import RegistryCore

/// A whole fleet in one process and in virtual time: the machines of production, and in memory everything around them. One
/// seed decides everything, so that what went wrong once goes wrong again.
///
/// For one thread.
public final class SimulatedFleet {
  public let plan: SimulationPlan
  public internal(set) var time: Int64 = 0
  public internal(set) var result = SimulationResult()

  var nodes: [SimulatedNode] = []
  var places: [NodeID: Int] = [:]
  var events = EventQueue<SimulatedEvent>()
  var chance: SplitMix64
  var effects: [FleetEffect] = []

  /// Questions under way: who asked, in which life, by which token.
  var calls: [UInt64: (asker: Int, answerer: Int, life: Int, token: FleetToken)] = [:]
  var lastCall: UInt64 = 0
  /// Calls up to this one are of before a leap in time: nobody waits for them any more.
  var lastLostCall: UInt64 = 0
  /// How far the clocks have leapt, in milliseconds.
  var leapt: Int64 = 0
  /// On which side of a partition each node is.
  var sides: [Int]
  var cuts: Set<Int> = []
  var lossPercent: Int
  var hasHealed = false

  var digests: UInt64 = 0
  /// Who was put out, and up to which time what it had said was due then.
  var removedBefore: [NodeID: Int64] = [:]
  /// Claims that a client was told are written.
  var acknowledged: [SignedClaim] = []
  /// What clients were told, whether a claim was written or not.
  var promises: [ClaimedName: [Promise]] = [:]
  /// How many messages each node received.
  var received: [Int]
  let fleetNotary: SimulatedNotary
  var trace: [(time: Int64, event: SimulatedEvent)] = []
  var failure: SimulationFailure?
  /// How often nodes noticed what.
  public internal(set) var notices: [String: Int] = [:]
  /// Called after each event, for measurements.
  var observe: ((SimulatedFleet) -> Void)?

  /// The wall clock when virtual time begins, in milliseconds.
  static let epoch: Int64 = 1_700_000_000_000

  public init(_ plan: SimulationPlan) {
    self.plan = plan
    chance = SplitMix64(seed: plan.seed)
    let all = plan.nodes + plan.joins
    (sides, received) = ([Int](repeating: 0, count: all), [Int](repeating: 0, count: all))
    lossPercent = plan.lossPercent
    fleetNotary = SimulatedNotary(number: plan.seed ^ 0xF1EE7)
    nodes = SimulatedFounding(plan, fleetNotary).nodes(chance: &chance)
    for (place, node) in nodes.enumerated() { places[node.id] = place }
    if plan.hasHostileMember { nodes[plan.nodes - 1].isHostile = true }
    if let fault = plan.fault, fault != .nameBeforeBytes, fault != .undueClaimsOfTheRemoved {
      let isEverywhere = fault == .forgottenTombstone || fault == .silentRepush
      for place in nodes.indices where place == 0 || isEverywhere { nodes[place].disk.faults = [fault] }
    }
    for place in 0..<plan.nodes { events.add(.start(place), at: Int64(chance.below(500))) }
  }

  /// Goes through the plan; throws what broke.
  public func run() throws(SimulationFailure) -> SimulationResult {
    planAdversity()
    try run(until: plan.adversity)
    events.add(.heal, at: time)
    try runUntilAgreed(before: plan.adversity + plan.recovery)
    try checkInTheEnd()
    return result
  }

  public func run(until end: Int64) throws(SimulationFailure) {
    while let next = events.nextTime, next <= end, failure == nil { step() }
    if let failure { throw failure }
    time = max(time, end)
  }

  private func runUntilAgreed(before end: Int64) throws(SimulationFailure) {
    while time < end {
      try run(until: min(end, time + 250))
      if result.agreedAfter == nil, disagreement() == nil { result.agreedAfter = time - plan.adversity }
    }
  }

  private func step() {
    guard let (time, event) = events.take() else { return }
    self.time = time
    result.events += 1
    trace.append((time, event))
    if trace.count > 200 { trace.removeFirst(100) }
    happen(event)
    observe?(self)
  }

  private func happen(_ event: SimulatedEvent) {
    switch event {
    case .wake(let place, let life):
      guard nodes[place].life == life, nodes[place].isUp, nodes[place].wake == time else { return }
      nodes[place].wake = nil
      feed(place, .woke)
    case .question(let to, let from, let call, let message): deliver(to, from, call, message)
    case .answer(let call, let message): deliverAnswer(call, message)
    case .disk(let place, let life, let operation):
      if nodes[place].isUp, nodes[place].life == life { perform(operation, on: place) }
    case .client(let place, let operation): ask(place, operation)
    default: suffer(event)
    }
  }

  func wall(of place: Int) -> Int64 { Self.epoch + leapt + time + nodes[place].skew }

  /// What the disk takes the time to be when it judges what is due.
  func corrected(of place: Int) -> Int64 {
    nodes[place].membersAheadOfMonotonic.map { $0 + leapt + time } ?? wall(of: place)
  }

  /// Hands an input to a machine and does what it wants done.
  func feed(_ place: Int, _ input: FleetInput) {
    var effects = effects
    self.effects = []
    effects.removeAll(keepingCapacity: true)
    nodes[place].machine.handle(input, at: Moment(monotonic: leapt + time, wall: wall(of: place)), into: &effects)
    for effect in effects { perform(effect, of: place) }
    self.effects = effects
    checkBounds(of: place)
  }

  private func perform(_ effect: FleetEffect, of place: Int) {
    switch effect {
    case .ask(let peer, let token, let message): send(message, token, from: place, to: peer)
    case .reply(let token, let message): answer(ReplyToken(rawValue: token.rawValue), message, from: place)
    case .admit(let token, let runs): queue(.admit(token, runs), on: place)
    case .read(let token, let wants, let limit): queue(.read(token, wants, byteLimit: limit), on: place)
    case .apply(let rules): queue(.apply(rules), on: place)
    case .beginEpoch(let above, let restating): queue(.beginEpoch(above: above, restating), on: place)
    case .correctClock(let milliseconds):
      checkCorrection(milliseconds, of: place)
      queue(.correctClock(milliseconds), on: place)
    case .wake(let monotonic):
      let at = monotonic - leapt
      nodes[place].wake = at
      events.add(.wake(place, life: nodes[place].life), at: at)
    case .noticed(let notice): check(notice, of: place)
    case .keep, .writing, .member: break
    }
  }
}
