import Configuration
import FleetCore
import FleetService
import RegistryCore
import RegistryHTTP

extension NodeFleet {
  func policy() async throws(RegistryError) -> PolicyDocument {
    guard let view = current?.desk.current else { throw Self.alone }
    return PolicyDocument(view)
  }

  func set(policy text: [UInt8], isForced: Bool) async throws(RegistryError) -> PolicyDocument {
    guard let seat = current else { throw Self.alone }
    let view = seat.desk.current
    guard !seat.isStranger else { throw WriteRefusal.stranger(view) }
    guard let issuer = seat.issuer else { throw Self.noIssuer(view, "set the policy") }
    let policy = try Self.policy(text, view)
    if !isForced { try Self.mustSaySomething(policy, view) }
    _ = try await issuer.set(policy)
    return PolicyDocument(seat.desk.current)
  }

  /// What is wrong is said with its line, its key, and what to write instead.
  private static func policy(_ text: [UInt8], _ view: FleetView) throws(RegistryError) -> FleetPolicy {
    let document: YAMLDocument
    do throws(YAMLDocument.Fault) {
      document = try YAMLDocument(text)
    } catch {
      throw RegistryError(
        .unsupported, "line \(error.line): \(error.reason)\(error.advice.map { ": \($0)" } ?? "")")
    }
    do throws(PolicyFault) {
      return try FleetPolicy.written(String(decoding: text, as: UTF8.self), as: document.bencoded) { name in
        view.directory.members.filter { view.title(of: $0) == name.text }
      }
    } catch {
      let line = document.line(of: error.path).map { "line \($0): " } ?? ""
      throw RegistryError(.unsupported, "\(line)\(error)")
    }
  }

  /// An empty file may be an accident, and would take every rule back.
  private static func mustSaySomething(_ policy: FleetPolicy, _ view: FleetView) throws(RegistryError) {
    let present = view.directory.policy
    let keys = present.rules.keys + present.unknownKeys
    guard policy.rules.keys.isEmpty, !keys.isEmpty else { return }
    throw RegistryError(
      .denied,
      "this document says nothing, and would take back what the policy says now (\(keys.joined(separator: ", "))): "
        + "set replaces the whole of it, which shoal fleet policy show prints; to have no policy, set it with --force")
  }
}

extension PolicyDocument {
  init(_ view: FleetView) {
    let (policy, record) = (view.directory.policy, view.directory.standingPolicy)
    let rules = policy.rules
    self.init(
      fleet: view.fleet.description, number: record?.number, issuer: record.map { view.title(of: $0.draft.issuer) },
      atMilliseconds: record?.draft.time, text: policy.text, unknownKeys: policy.unknownKeys,
      rules: Rules(
        writers: rules.writers.map {
          Writers(repositories: $0.repositories.patterns, nodes: $0.nodes.map(\.description).sorted())
        }, immutable: rules.immutableTags.patterns,
        replicas: rules.replicas.map { Replicas(repositories: $0.repositories.patterns, count: $0.count) },
        historyEntries: rules.historyEntries, historyDays: rules.historyDays, tombstoneDays: rules.tombstoneDays))
  }
}
