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
    var (rounds, received) = ([Int](), fleet.result.messages)
    let begun = fleet.time
    for claim in 0..<claims {
      let spread = try fleet.spread(from: claim * 7 % nodes)
      rounds.append(Int((spread + Self.messageMilliseconds - 1) / Self.messageMilliseconds))
      measured.worstMilliseconds = max(measured.worstMilliseconds, spread)
    }
    received = fleet.result.messages - received
    let atRest = measured.messagesAtRest * Double(nodes) * Double(fleet.time - begun) / 1000
    measured.messagesPerClaim = (Double(received) - atRest) / Double(nodes * claims)
    let inRounds = rounds.map(Self.rounds).sorted()
    (measured.worstRounds, measured.medianRounds) = (inRounds.last ?? 0, inRounds[inRounds.count / 2])
    measured.events = fleet.result.events
    return measured
  }

  /// Messages one after the other are a round each; behind them an exchange that has to come first is one, and its
  /// question, its answer and the claims that follow are one each.
  private static func rounds(_ messages: Int) -> Int {
    let period = Int(FleetLimits.exchangePeriodMilliseconds / messageMilliseconds)
    let rumour = 20
    return messages <= rumour ? messages : min(messages, rumour) + 4 * ((messages - rumour + period - 1) / period)
  }

  private static func log2(_ number: Double) -> Double {
    var (left, bits) = (number, 0.0)
    while left >= 2 { (left, bits) = (left / 2, bits + 1) }
    return bits + (left - 1)
  }
}

extension SimulatedFleet {
  /// Writes a claim on one node.
  /// - Returns: how long it took until every node had it.
  func spread(from place: Int) throws(SimulationFailure) -> Int64 {
    let begun = time
    digests += 1
    let writer = nodes[place].disk.writer
    queue(.write([(Self.tags[0], Self.manifest(digests, in: Self.tags[0].repository).key)]), on: place)
    try run(until: time)
    guard let sequence = nodes[place].disk.heads[writer]?.sequence else {
      throw SimulationFailure(seed: plan.seed, time: time, what: "node \(place) refuses to write", trace: [])
    }
    var lacking = Set(nodes.indices)
    while !lacking.isEmpty, time < begun + 20_000 {
      try run(until: time + SpreadMeasurement.messageMilliseconds)
      lacking = lacking.filter { nodes[$0].disk.heads[writer]?.sequence ?? 0 < sequence }
    }
    guard lacking.isEmpty else {
      throw SimulationFailure(seed: plan.seed, time: time, what: "\(lacking.count) nodes lack a claim", trace: [])
    }
    let took = time - begun
    try run(until: time + 3000)
    return took
  }
}
