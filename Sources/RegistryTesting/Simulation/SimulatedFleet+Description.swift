import FleetCore
import RegistryCore

// What happened, for whoever looks for the reason.
extension SimulatedFleet {
  func described(_ event: SimulatedEvent) -> String {
    switch event {
    case .wake(let place, _): "\(place) wakes"
    case .question(let to, let from, let call, let message): "\(from) asks \(to) [\(call)] \(described(message))"
    case .answer(let call, let message): "answer to [\(call)] \(described(message))"
    case .disk(let place, _, let operation): "disk of \(place): \(described(operation))"
    default: "\(event)"
    }
  }

  private func described(_ message: FleetMessage) -> String {
    switch message {
    case .exchange(let greeting): "exchange \(greeting.heads.bytes.prefix(3)) \(greeting.suspicions.count) suspicions"
    case .compare(let comparison): "compare \(comparison.heads.count) heads"
    case .heads(let heads):
      "heads " + heads.map { "\(described($0.writer)):\($0.sequence)#\($0.hash % 1000)" }.joined(separator: " ")
    case .pull(let wants): "pull " + wants.map(described).joined(separator: " ")
    case .runs(let runs): "runs " + runs.map(described).joined(separator: " ")
    case .push(let gossip):
      "push \(gossip.news.records.count) records \(gossip.news.forks.count) forks \(gossip.cards.count) cards "
        + gossip.rumours.map { described($0.run) }.joined(separator: " ")
    default: String("\(message)".prefix(40))
    }
  }

  private func described(_ operation: DiskOperation) -> String {
    switch operation {
    case .admit(_, let runs): "admit " + runs.map(described).joined(separator: " ")
    case .read(_, let wants, _): "read " + wants.map(described).joined(separator: " ")
    case .apply(let rules): "apply " + rules.limits.map { "\(described($0.key))≤\($0.value)" }.joined(separator: " ")
    default: String("\(operation)".prefix(80))
    }
  }

  private func described(_ writer: WriterID) -> String { "\(places[writer.node] ?? -1).\(writer.epoch)" }

  private func described(_ want: Want) -> String { "\(described(want.writer))>\(want.after)" }

  private func described(_ run: ClaimRun) -> String {
    "\(described(run.writer)):\(run.claims.first?.body.sequence ?? 0)…\(run.claims.last?.body.sequence ?? 0)"
  }
}
