import FleetCore

/// What the executable `simulate` does, and the tests a little of.
public struct SimulationCommand {
  private let words: [String]

  public init(_ words: some Sequence<String>) { self.words = Array(words) }

  /// - Returns: whether all went well.
  public func run() -> Bool {
    switch words.first {
    case "seed": return adverse(seeds: 1, from: number(1) ?? 1)
    case "adverse": return adverse(seeds: number(1) ?? 1000, from: number(2) ?? 1)
    case "faults": return faults(seeds: number(1) ?? 50)
    case "spread": return spread(nodes: Int(number(1) ?? 1000), claims: Int(number(2) ?? 20))
    case "swarm": return SwarmMeasurement(seeds: Int(number(1) ?? 3)).run()
    default:
      print(
        "usage: simulate adverse [SEEDS [FIRST]] | seed SEED | faults [SEEDS] | spread NODES [CLAIMS] | swarm [SEEDS]")
      return false
    }
  }

  private func number(_ place: Int) -> UInt64? { place < words.count ? UInt64(words[place]) : nil }

  private func adverse(seeds: UInt64, from first: UInt64) -> Bool {
    let clock = ContinuousClock()
    let begun = clock.now
    var (failures, events, acknowledged, refused, slowest, fewest) = (0, 0, 0, 0, Int64(0), Int.max)
    var (dropped, lost, saidAgain) = (0, 0, 0)
    var notices: [String: Int] = [:]
    for seed in first..<first + seeds {
      do {
        let fleet = SimulatedFleet(.adverse(seed: seed))
        let result = try fleet.run()
        notices.merge(fleet.notices, uniquingKeysWith: +)
        events += result.events
        fewest = min(fewest, result.events)
        acknowledged += result.acknowledged
        saidAgain += result.saidAgain
        refused += result.refused
        dropped += result.dropped
        lost += result.lost
        slowest = max(slowest, result.agreedAfter ?? .max)
      } catch {
        print(error)
        failures += 1
      }
    }
    let took = begun.duration(to: clock.now) / .seconds(1)
    print(
      "\(seeds) seeds, \(failures) failed; \(events) events, at least \(fewest) a seed; \(acknowledged) claims "
        + "acknowledged (\(saidAgain) of what was so), \(refused) operations refused, \(dropped) old claims dropped, \(lost) manifests lost with "
        + "disks; all agreed at most \(slowest) ms after the last fault; \(took) s, \(Double(seeds) / took) seeds and \(Double(events) / took) events a second"
    )
    print("noticed: " + notices.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    // Fewer would go through too little.
    return failures == 0 && fewest >= 2000
  }

  /// How many seeds it takes to find each planted fault.
  private func faults(seeds: UInt64) -> Bool {
    var allFound = true
    for fault in PlantedFault.allCases {
      let found = (1...seeds).first { (try? SimulatedFleet(.adverse(seed: $0, fault: fault)).run()) == nil }
      print("\(fault.rawValue): \(found.map { "found by seed \($0)" } ?? "not found by \(seeds) seeds")")
      if found == nil { allFound = false }
    }
    return allFound
  }

  private func spread(nodes: Int, claims: Int) -> Bool {
    do {
      let measured = try SpreadMeasurement(nodes: nodes, claims: claims).run()
      print(measured)
      guard nodes > SpreadMeasurement.smallFleet else { return measured.isWithinTarget }
      let small = try SpreadMeasurement(nodes: SpreadMeasurement.smallFleet, claims: claims).run()
      print(small)
      let isFlat = measured.isFlat(beside: small)
      if !isFlat { print("a node of the large fleet receives more than one of the small: that is not flat") }
      return measured.isWithinTarget && isFlat
    } catch {
      print(error)
      return false
    }
  }
}
