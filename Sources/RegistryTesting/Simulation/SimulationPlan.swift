import FleetCore

/// What a simulated fleet goes through. All of it follows from the seed.
public struct SimulationPlan: Sendable {
  public var seed: UInt64
  public var nodes = 8
  /// How long things go wrong, and how long after that until all must agree, in milliseconds.
  public var adversity: Int64 = 40_000
  public var recovery: Int64 = 15_000
  /// What clients ask for during the adversity, besides the deletions that cross some of it.
  public var clientOperations = 50
  public var delay: ClosedRange<Int64> = 1...40
  public var lossPercent = 0
  public var diskDelay: ClosedRange<Int64> = 1...20
  public var crashes = 0
  public var partitions = 0
  /// One way only.
  public var cuts = 0
  public var restoredDisks = 0
  public var skews = 0
  /// How often a node that is cut off from all starts with a clock hours ahead, writes, and has its clock set right when
  /// it is back.
  public var leadsAlone = 0
  public var removals = 0
  /// Members that date claims ahead and are removed before these are due.
  public var thieves = 0
  /// Nodes beyond `nodes`, let in while all this happens.
  public var joins = 0
  public var newAddresses = 0
  /// Changes of who may write what.
  public var policies = 0
  /// Of a hundred questions so many arrive a second time, up to twenty seconds later.
  public var repeatPercent = 0
  /// Every node's clock goes on by weeks at once, and old claims are dropped: a year in a minute. Once with a member away.
  ///
  /// Not together with what makes claims of long ago count again or no more (removals, old disks, policies, liars, who
  /// fork, clocks far ahead with nobody there): that decides over what is kept (docs/decisions).
  public var leaps = 0
  public var hasHostileMember = false
  /// Messages travel as bytes.
  public var encodesMessages = false
  public var fault: PlantedFault?

  /// A calm fleet.
  public init(seed: UInt64) { self.seed = seed }

  /// A fleet that goes through some of everything.
  public static func adverse(seed: UInt64, fault: PlantedFault? = nil) -> SimulationPlan {
    var plan = SimulationPlan(seed: seed)
    var chance = SplitMix64(seed: seed ^ 0xAD5E)
    plan.delay = 1...Int64([10, 40, 200][chance.below(3)])
    plan.lossPercent = [0, 0, 2, 15][chance.below(4)]
    plan.crashes = chance.below(5)
    plan.partitions = chance.below(3)
    plan.cuts = chance.below(3)
    plan.restoredDisks = chance.below(4) == 0 ? 1 : 0
    plan.skews = chance.below(3)
    plan.removals = chance.below(6) == 0 ? 1 : 0
    plan.hasHostileMember = chance.below(3) == 0
    plan.encodesMessages = chance.below(8) == 0
    plan.fault = fault
    plan.joins = [0, 0, 1, 2][chance.below(4)]
    plan.newAddresses = chance.below(3)
    plan.repeatPercent = [0, 0, 5, 30][chance.below(4)]
    plan.policies = chance.below(4) == 0 ? 1 + chance.below(3) : 0
    if chance.below(3) == 0 {
      plan.leaps = 1 + chance.below(6)
      (plan.restoredDisks, plan.removals, plan.policies, plan.hasHostileMember) = (0, 0, 0, false)
    }
    if plan.leaps == 0 { plan.thieves = chance.below(8) == 0 ? 1 : 0 }
    if plan.leaps == 0 { plan.leadsAlone = chance.below(5) == 0 ? 1 : 0 }
    return plan
  }
}

/// How a simulation went.
public struct SimulationResult: Sendable {
  public var events = 0
  public var messages = 0
  public var acknowledged = 0
  /// Of these, what was so already.
  public var saidAgain = 0
  public var refused = 0
  /// Claims that were dropped from logs.
  public var dropped = 0
  /// Manifests that stand and whose bytes went with a disk that was lost, or that a liar made up.
  public var lost = 0
  /// How long after the adversity all agreed, in milliseconds.
  public var agreedAfter: Int64?
}

/// A broken invariant, with all that it takes to see it again.
public struct SimulationFailure: Error, CustomStringConvertible {
  public let seed: UInt64
  public let time: Int64
  public let what: String
  /// The last events before it.
  public let trace: [String]

  public var description: String {
    (["seed \(seed) at \(time) ms: \(what)"] + trace.map { "  " + $0 }).joined(separator: "\n")
  }
}
