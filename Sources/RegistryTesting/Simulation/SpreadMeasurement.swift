import FleetCore
import RegistryCore

/// How fast one claim reaches every node of a calm fleet, and how many messages a node receives meanwhile and at rest.
///
/// A round is what one member can hear from another: a message (every one takes the same time here), or, for a node that
/// no rumour reached, the period of the exchange that repairs it. Waiting for a disk is no round.
public struct SpreadMeasurement: CustomStringConvertible {
  public let nodes: Int
  public let claims: Int
  /// The most that any claim took to reach all, and half of the claims.
  public private(set) var worstRounds = 0
  public private(set) var medianRounds = 0
  public private(set) var worstMilliseconds: Int64 = 0
  /// Received by each node, answers too, when nothing happens.
  public private(set) var messagesAtRest = 0.0
  /// Received by the busiest node on top of that, for each claim.
  public private(set) var messagesPerClaim = 0.0
  public private(set) var events = 0

  static let messageMilliseconds: Int64 = 10

  public init(nodes: Int, claims: Int) { (self.nodes, self.claims) = (nodes, claims) }

  public var limit: Int { Int((2 * Self.log2(Double(nodes))).rounded(.up)) }

  public var isWithinTarget: Bool { worstRounds <= limit }

  /// What a large fleet is compared with.
  public static let smallFleet = 100
  /// A node of a large fleet may receive so many times what one of a small fleet does.
  static let flatness = 1.2

  /// Whether a node's share of the messages does not grow with the fleet.
  public func isFlat(beside small: SpreadMeasurement) -> Bool {
    messagesAtRest <= small.messagesAtRest * Self.flatness && messagesPerClaim <= small.messagesPerClaim * Self.flatness
  }

  public var description: String {
    "\(nodes) nodes: a claim reaches all in \(medianRounds) rounds, at worst \(worstRounds) (\(worstMilliseconds) ms), of "
      + "\(limit); a node receives \(messagesAtRest) messages a second at rest and \(messagesPerClaim) for each claim; "
      + "\(events) events"
  }

  public func run() throws(SimulationFailure) -> SpreadMeasurement {
    var measured = self
    var plan = SimulationPlan(seed: UInt64(nodes))
    plan.nodes = nodes
    plan.delay = Self.messageMilliseconds...Self.messageMilliseconds
    plan.diskDelay = 0...0
    let fleet = SimulatedFleet(plan)
    try fleet.run(until: 10_000)
    let before = fleet.result.messages
    try fleet.run(until: 20_000)
    measured.messagesAtRest = Double(fleet.result.messages - before) / Double(nodes) / 10
    var rounds: [Int] = []
    let (received, begun) = (fleet.result.messages, fleet.time)
    for claim in 0..<claims {
      let arrivals = try fleet.spread(from: claim * 7 % nodes)
      rounds.append(self.rounds(arrivals))
      measured.worstMilliseconds = max(measured.worstMilliseconds, arrivals.last?.milliseconds ?? 0)
    }
    let atRest = measured.messagesAtRest * Double(nodes) * Double(fleet.time - begun) / 1000
    measured.messagesPerClaim = (Double(fleet.result.messages - received) - atRest) / Double(nodes * claims)
    rounds.sort()
    (measured.worstRounds, measured.medianRounds) = (rounds.last ?? 0, rounds[rounds.count / 2])
    measured.events = fleet.result.events
    return measured
  }

  /// While a rumour travels, each message delay is a round. It has ended when a hundredth of the nodes or fewer lack it and
  /// nobody hears it for a delay, at most three delays after that; who has it later has it by an exchange: the wait for that is a round for each period, and then come at
  /// most six messages (greeting, comparison, pull, and their answers).
  private func rounds(_ arrivals: [SimulatedFleet.Arrival]) -> Int {
    guard let last = arrivals.last, let wide = arrivals.first(where: { $0.lacking <= nodes / 100 }) else { return 0 }
    let delay = Self.messageMilliseconds
    var rumourEnd = wide.milliseconds
    for arrival in arrivals where arrival.milliseconds - rumourEnd == delay && rumourEnd < wide.milliseconds + 3 * delay
    {
      rumourEnd = arrival.milliseconds
    }
    let rumour = Int((rumourEnd + delay - 1) / delay)
    guard last.milliseconds > rumourEnd else { return rumour }
    let period = FleetLimits.exchangePeriodMilliseconds * 11 / 10
    let wait = max(1, last.milliseconds - rumourEnd - 6 * delay)
    return rumour + Int((wait + period - 1) / period) + 6
  }

  private static func log2(_ number: Double) -> Double {
    var (left, bits) = (number, 0.0)
    while left >= 2 { (left, bits) = (left / 2, bits + 1) }
    return bits + (left - 1)
  }
}

extension SimulatedFleet {
  /// That somebody has a claim, so long after it was written, and how many then lack it.
  struct Arrival {
    let milliseconds: Int64
    let lacking: Int
  }

  /// Writes a claim on one node.
  /// - Returns: when nodes came to have it, behind that; the last is when all had it.
  func spread(from place: Int) throws(SimulationFailure) -> [Arrival] {
    let begun = time
    digests += 1
    let writer = nodes[place].disk.writer
    push(digests, nil, place)
    try run(until: time)
    guard let sequence = nodes[place].disk.heads[writer]?.sequence else {
      throw SimulationFailure(seed: plan.seed, time: time, what: "node \(place) refuses to write", trace: [])
    }
    var (lacking, arrivals) = (Set(nodes.indices), [Arrival]())
    while !lacking.isEmpty, time < begun + 20_000 {
      try run(until: time + SpreadMeasurement.messageMilliseconds)
      let still = lacking.filter { nodes[$0].disk.heads[writer]?.sequence ?? 0 < sequence }
      if still.count < lacking.count { arrivals.append(Arrival(milliseconds: time - begun, lacking: still.count)) }
      lacking = still
    }
    guard lacking.isEmpty else {
      throw SimulationFailure(seed: plan.seed, time: time, what: "\(lacking.count) nodes lack a claim", trace: [])
    }
    try run(until: time + 3000)
    return arrivals
  }
}
