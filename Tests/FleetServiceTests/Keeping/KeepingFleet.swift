import BlockingWork
import FleetCore
import RegistryCore
import RegistryTesting
import Telemetry

@testable import FleetService

/// Keepers of one process, on a clock that a test moves: what one names all hear, and what one lacks it has from whoever has
/// it.
final class KeepingFleet: Sendable {
  struct State {
    var now: Int64 = 1_000_000
    var rules = PolicyRules()
    var zones: [NodeID: Zone] = [:]
    var away: Set<NodeID> = []
    /// Say that they keep everything.
    var liars: Set<NodeID> = []
    /// They are heard of, and answer no question.
    var mute: Set<NodeID> = []
    /// Of an earlier release: they work nothing out, either.
    var unable: Set<NodeID> = []
    var full: Set<NodeID> = []
    /// Parts that lie with each.
    var parts: [NodeID: Set<Digest>] = [:]
    var writers: [ImageName: NodeID] = [:]
    var layers: [ImageName: Digest] = [:]
    var catalogues: [NodeID: MemoryCatalog] = [:]
    var desks: [NodeID: KeeperDesk] = [:]
    var attempts: [NodeID: Int] = [:]
    var questions = 0
    var asked = 0
  }

  static let repository = try! RepositoryName(parsing: "team/app")
  static let minute: Int64 = 60_000

  let state = Lock(State())
  let nodes: [NodeID]
  let rules: KeeperRules

  init(_ count: Int, replicas: Int, rules: KeeperRules = KeeperRules()) {
    self.rules = rules
    nodes = (0..<count).map { NodeID(Digest.hashing([UInt8($0 & 255), UInt8($0 >> 8)]).hash)! }
    let clock = FleetTime(fleet: self)
    for node in nodes {
      let catalogue = MemoryCatalog(node: node, clock: clock)
      state.withLock { $0.catalogues[node] = catalogue }
      start(node)
    }
    set(replicas: replicas)
  }

  func set(replicas: Int) {
    change { $0.rules.replicas = [.init(repositories: PublicPatterns(["**"]), count: replicas)] }
  }

  func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

  /// For what a task of its own does.
  func wait(_ isSo: (State) -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while !read(isSo) {
      guard ContinuousClock.now < deadline else { throw Late() }
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  struct Late: Error {}

  func read<Value>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }

  /// Also again, with nothing in memory.
  func start(_ node: NodeID) {
    let ports = KeeperPorts(
      images: catalogue(node), claims: Writers(fleet: self), hands: Hands(fleet: self, node: node),
      peers: Line(fleet: self, node: node), circle: { [weak self] in self?.circle(of: node) },
      clock: FleetTime(fleet: self), monotonic: { [weak self] in self?.read(\.now) ?? 0 }, log: .silent)
    state.withLock { $0.desks[node] = KeeperDesk(ports, rules) }
  }

  func catalogue(_ node: NodeID) -> MemoryCatalog { read { $0.catalogues[node]! } }

  func desk(_ node: NodeID) -> KeeperDesk { read { $0.desks[node]! } }

  private func circle(of node: NodeID) -> KeeperCircle? {
    read { state in
      let members = Dictionary(uniqueKeysWithValues: nodes.map { ($0, state.zones[$0]) })
      let doubted = (state.away.contains(node) ? Set(nodes) : state.away).subtracting([node])
      return KeeperCircle(
        node: node, members: members, doubted: doubted, isDeaf: doubted.count == nodes.count - 1, rules: state.rules)
    }
  }

  // MARK: - What happens

  /// An image of one layer, pushed to a node and heard of by all.
  func push(_ text: String, to node: NodeID) -> ImageName {
    let name = ImageName(.hashing(Array(text.utf8)), in: Self.repository)
    let layer = Digest.hashing(Array("layer of \(text)".utf8))
    change { state in
      state.writers[name] = node
      state.layers[name] = layer
      state.parts[node, default: []].formUnion([name.digest, layer])
    }
    let facts = ManifestFacts(mediaType: .ociManifest, size: 100, subject: nil, artifactType: nil)
    for each in nodes { catalogue(each).hear(of: name.digest, facts, tag: nil, in: name.repository) }
    for each in nodes { desk(each).notice() }
    return name
  }

  func delete(_ name: ImageName) {
    for each in nodes { catalogue(each).hear(thatWent: name.digest, from: name.repository) }
    for each in nodes { desk(each).notice() }
  }

  /// What the desks have in hand.
  struct Work {
    var progress: [NodeID: KeeperDesk.Progress] = [:]
    var filling: [NodeID: [KeeperDesk.Filling]] = [:]
  }

  /// Time goes on in steps, and after each of them every desk that is there does what it has to do.
  func run(_ work: inout Work, milliseconds: Int64, step: Int64 = 2_000) async throws {
    for _ in 0..<max(1, milliseconds / step) {
      change { $0.now += step }
      for node in nodes where !read({ $0.away.union($0.unable).contains(node) }) {
        let desk = desk(node)
        var progress = work.progress[node] ?? desk.beginning()
        var fillings = work.filling[node] ?? KeeperDesk.Filling.Kind.allCases.map(desk.beginningToFill)
        while try await desk.pass(&progress) {}
        for place in fillings.indices { try await desk.fillPass(&fillings[place]) }
        (work.progress[node], work.filling[node]) = (progress, fillings)
      }
    }
  }

  /// Who is bound to keep an image and has all of it.
  func keepers(of name: ImageName) async throws -> Set<NodeID> {
    var keepers: Set<NodeID> = []
    for node in nodes {
      guard try await catalogue(node).image(name)?.keeping?.isWhole == true, has(name, node) else { continue }
      keepers.insert(node)
    }
    return keepers
  }

  func has(_ name: ImageName, _ node: NodeID) -> Bool {
    read { state in
      let parts = state.parts[node] ?? []
      return parts.contains(name.digest) && state.layers[name].map(parts.contains) ?? false
    }
  }
}

struct FleetTime: WallClock {
  let fleet: KeepingFleet

  var millisecondsSince1970: Int64 { 1_700_000_000_000 + fleet.read(\.now) }
}

private struct Writers: UnreadManifests {
  let fleet: KeepingFleet

  func unread(after position: Int64, limit: Int) async throws(RegistryError) -> [UnreadManifest] { [] }

  func claimant(of digest: Digest, in repository: RepositoryName) async throws(RegistryError) -> NodeID? {
    fleet.read { $0.writers[ImageName(digest, in: repository)] }
  }

  func unread(in repository: RepositoryName, limit: Int) async throws(RegistryError) -> [UnreadManifest] { [] }
}

private struct Hands: KeeperHands {
  let fleet: KeepingFleet
  let node: NodeID

  func lacking(of name: ImageName) async throws(RegistryError) -> [Digest] {
    guard try await fleet.catalogue(node).image(name) != nil else {
      throw RegistryError(.manifestUnknown, "it is gone")
    }
    return fleet.read { state in
      let parts = state.parts[node] ?? []
      guard parts.contains(name.digest) else { return [name.digest] }
      return [state.layers[name]].compactMap { $0 }.filter { !parts.contains($0) }
    }
  }

  func bring(_ part: Digest, of name: ImageName) async throws(RegistryError) -> Int64 {
    let result: Result<Int64, RegistryError> = fleet.state.withLock { state in
      state.attempts[node, default: 0] += 1
      if state.full.contains(node) { return .failure(RegistryError(.storageFull, "full")) }
      let isThere = fleet.nodes.contains { other in
        other != node && !state.away.contains(other) && state.parts[other]?.contains(part) == true
      }
      guard isThere else { return .failure(RegistryError(.unavailable, "nobody has it")) }
      state.parts[node, default: []].insert(part)
      return .success(1000)
    }
    return try result.get()
  }
}

private struct Line: KeeperPeers {
  let fleet: KeepingFleet
  let node: NodeID

  func kept(_ names: [ImageName], by member: NodeID) async -> KeptAnswer {
    let (isCut, isUnable, isLiar) = fleet.state.withLock { state in
      state.questions += 1
      let cut = state.away.union(state.mute)
      return (!cut.isDisjoint(with: [node, member]), state.unable.contains(member), state.liars.contains(member))
    }
    if isCut { return .silent }
    if isUnable { return .unable }
    if isLiar { return .kept(names.map { _ in true }) }
    guard let answers = try? await fleet.desk(member).keeps(names) else { return .silent }
    return .kept(answers)
  }

  func keep(_ name: ImageName, on member: NodeID) async {
    let isHeard = fleet.state.withLock { state in
      state.asked += 1
      return state.away.isDisjoint(with: [node, member]) && !state.unable.contains(member)
        && !state.liars.contains(member) && !state.mute.contains(member)
    }
    if isHeard { try? await fleet.desk(member).accept(name) }
  }
}
