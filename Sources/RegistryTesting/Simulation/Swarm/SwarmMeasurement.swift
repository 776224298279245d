import SwarmCore

/// Swarms of all kinds, each with the bound that it must keep: what `simulate swarm` prints.
struct SwarmMeasurement {
  private struct Case {
    let name: String
    var plan: SwarmPlan
    /// The last node's time over that of its line, and the copies that leave the origin.
    let last: Double
    let copies: Double

    init(
      _ name: String, cold: Int, megabits: Double, last: Double, copies: Double, _ change: (inout SwarmPlan) -> Void
    ) {
      (self.name, self.last, self.copies) = (name, last, copies)
      plan = SwarmPlan(seed: 1, cold: cold, rate: SwarmPlan.payload(megabits: megabits))
      change(&plan)
    }

    /// Of those that are not slow on purpose.
    var rate: Double { plan.nodes.last?.rate ?? 1 }
  }

  private let cases = [
    Case("8 nodes at 100 Mbit", cold: 7, megabits: 100, last: 1.06, copies: 1.05) { _ in },
    Case("16 at 50", cold: 15, megabits: 50, last: 1.10, copies: 1.08) { _ in },
    Case("32 at 25", cold: 31, megabits: 25, last: 1.18, copies: 1.15) { _ in },
    Case("16 at 50, each 20 ms from the switch", cold: 15, megabits: 50, last: 1.13, copies: 1.06) { plan in
      for node in plan.nodes.indices { plan.nodes[node].latency = 20_000 }
    },
    Case("one to one at 1000", cold: 1, megabits: 1000, last: 1.03, copies: 1.01) { _ in },
    Case("16 at 50 that come within 3 s", cold: 15, megabits: 50, last: 1.10, copies: 1.2) { plan in
      for node in 1..<16 { plan.nodes[node].arrives = Int64(node - 1) * 200_000 }
    },
    Case("16 at 50, one of them at a quarter", cold: 15, megabits: 50, last: 1.10, copies: 1.15) { plan in
      plan.nodes[1].rate /= 4
      // Not judged, and there until the end.
      (plan.nodes[1].end, plan.nodes[1].endsAt) = (.silenced, plan.limit)
    },
    Case("16 at 50, half of them late", cold: 15, megabits: 50, last: 1.10, copies: 1.8) { plan in
      for node in 8..<16 { plan.nodes[node].arrives = 30_000_000 }
    },
    Case("16 at 50 and two origins", cold: 15, megabits: 50, last: 1.06, copies: 1.1) { $0.nodes[1].isOrigin = true },
    Case("16 at 50, the origin dies with 1.02 copies out", cold: 15, megabits: 50, last: 1.10, copies: 1.03) { plan in
      (plan.nodes[0].end, plan.nodes[0].endsAfterCopies) = (.killed, 1.02)
    },
    Case("16 at 50, the origin falls silent with 1.02 copies out", cold: 15, megabits: 50, last: 1.2, copies: 1.03) {
      ($0.nodes[0].end, $0.nodes[0].endsAfterCopies) = (.silenced, 1.02)
    },
    Case("16 at 50, one dies after 4 s", cold: 15, megabits: 50, last: 1.12, copies: 1.1) { plan in
      (plan.nodes[1].end, plan.nodes[1].endsAt) = (.killed, 4_000_000)
    },
    Case("16 at 50, one falls silent after 4 s", cold: 15, megabits: 50, last: 1.2, copies: 1.1) { plan in
      (plan.nodes[1].end, plan.nodes[1].endsAt) = (.silenced, 4_000_000)
    },
    Case("16 at 50, two that say they are seeds and show nothing", cold: 15, megabits: 50, last: 1.15, copies: 1.15) {
      for node in 1...2 {
        $0.nodes[node].isMute = true
        ($0.nodes[node].end, $0.nodes[node].endsAt) = (.silenced, $0.limit)
      }
    },
    Case("4 MiB to 15 at 50", cold: 15, megabits: 50, last: 1.8, copies: 1.6) { $0.bytes = 4 << 20 },
    Case("16 MiB to 15 at 50", cold: 15, megabits: 50, last: 1.25, copies: 1.2) { $0.bytes = 16 << 20 },
  ]

  let seeds: Int

  /// - Returns: all are within their bounds.
  func run() -> Bool {
    print("times over that of the line; copies that left the origin; what a reader had of what was there half-way")
    var isWithin = true
    for each in cases {
      let results = (1...max(1, seeds)).map { seed in
        var plan = each.plan
        plan.seed = UInt64(seed)
        return SimulatedSwarm(plan).run()
      }
      isWithin = show(each, results) && isWithin
    }
    return isWithin
  }

  private func show(_ each: Case, _ results: [SwarmResult]) -> Bool {
    let last = results.map { $0.finished ? $0.last(bytes: each.plan.bytes, rate: each.rate) : .infinity }.max() ?? 0
    let median = results.map { $0.median(bytes: each.plan.bytes, rate: each.rate) }.max() ?? 0
    let copies = results.map { $0.copies[0] }.max() ?? 0
    let readable = results.map(\.readable).min() ?? 0
    let isWithin = last <= each.last && copies <= each.copies
    print(
      "\(isWithin ? "ok  " : "MISS") \(each.name): last \(Self.text(last)) (bound \(each.last)), median "
        + "\(Self.text(median)), copies \(Self.text(copies)) (bound \(each.copies)), readable \(Self.text(readable))")
    return isWithin
  }

  private static func text(_ ratio: Double) -> String {
    ratio.isFinite ? "\((ratio * 1000).rounded() / 1000)" : "never"
  }
}
