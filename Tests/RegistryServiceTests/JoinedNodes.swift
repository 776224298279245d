import BlockingWork
import RegistryCore
import RegistryTesting

@testable import RegistryService

/// Nodes in one process that are members of one fleet: what one asks, another's registry answers, with faults on demand.
final class JoinedNodes: Sendable {
  struct Faults {
    /// Answers no question.
    var isAway = false
    /// Breaks off after so many bytes of blobs, counted over all reads.
    var breaksOffAfter: Int?
    /// Sends this piece with a wrong byte.
    var liesInPiece: Int?
    /// Vouches for this ticket.
    var falseTicket: SwarmTicket?
    /// Says that so many bytes came to it, of what it is asked to fetch.
    var boastedBytes: Int64?
    /// Sends other bytes for manifests.
    var liesInManifests = false
  }

  private struct State {
    var registries: [NodeID: Registry] = [:]
    var faults: [NodeID: Faults] = [:]
    var sentBytes: [NodeID: Int] = [:]
    var questions = 0
    /// Where they stand; who is in none stands nowhere.
    var sites: [NodeID: String] = [:]
    /// To fetch a blob for a site: who was asked, in that order.
    var asked: [NodeID] = []
    var isDissolved = false
    /// Reads wait until it is opened.
    var gateIsClosed = false
    var atGate: [UnsafeContinuation<Void, Never>] = []
  }

  /// To their engines.
  let way = MemoryWay()
  private let state = Lock(State())

  static func id(_ number: UInt8) -> NodeID { NodeID([UInt8](repeating: number, count: NodeID.byteCount))! }

  func add(_ registry: Registry, as number: UInt8) { state.withLock { $0.registries[Self.id(number)] = registry } }

  func add(_ node: SwarmNode, as number: UInt8) {
    add(node.registry, as: number)
    way.place(Self.id(number), at: node.fleet.address)
  }

  func set(_ number: UInt8, _ change: (inout Faults) -> Void) {
    state.withLock { change(&$0.faults[Self.id(number), default: Faults()]) }
  }

  func sentBytes(by number: UInt8) -> Int { state.withLock { $0.sentBytes[Self.id(number)] ?? 0 } }

  /// Of a site's members that of the lowest number is to fetch for it.
  func stand(_ number: UInt8, at site: String) { state.withLock { $0.sites[Self.id(number)] = site } }

  var asked: [NodeID] { state.withLock { $0.asked } }

  var questions: Int { state.withLock { $0.questions } }

  /// From now on each is alone.
  func dissolve() { state.withLock { $0.isDissolved = true } }

  fileprivate var isDissolved: Bool { state.withLock { $0.isDissolved } }

  func closeGate() { state.withLock { $0.gateIsClosed = true } }

  func openGate() {
    let waiting = state.withLock { state in
      state.gateIsClosed = false
      defer { state.atGate = [] }
      return state.atGate
    }
    for continuation in waiting { continuation.resume() }
  }

  /// What one of them sees of the others.
  func others(than number: UInt8) -> any FleetBytes { Others(nodes: self, own: Self.id(number)) }

  fileprivate func isLine(between one: NodeID, and other: NodeID) -> Bool {
    state.withLock { state in
      guard let here = state.sites[one], let there = state.sites[other] else { return false }
      return here != there
    }
  }

  fileprivate func fetchers(before own: NodeID) -> [NodeID]? {
    state.withLock { state in
      guard let site = state.sites[own], Set(state.sites.values).count > 1 else { return nil }
      let order = state.sites.filter { $0.value == site }.keys.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
      return Array(order.prefix { $0 != own }.prefix(2))
    }
  }

  fileprivate func note(asked member: NodeID) { state.withLock { $0.asked.append(member) } }

  fileprivate func members(but own: NodeID, _ clues: BlobClues) -> [(NodeID, Registry, Faults)] {
    members(but: own).filter { !clues.isNearOnly || !isLine(between: own, and: $0.0) }
  }

  fileprivate func members(but own: NodeID) -> [(NodeID, Registry, Faults)] {
    state.withLock { state in
      state.questions += 1
      return state.registries.filter { $0.key != own }.map { ($0.key, $0.value, state.faults[$0.key] ?? Faults()) }
        .sorted { $0.0.bytes.lexicographicallyPrecedes($1.0.bytes) }
    }
  }

  fileprivate func member(_ id: NodeID) -> (Registry, Faults)? {
    state.withLock { state in state.registries[id].map { ($0, state.faults[id] ?? Faults()) } }
  }

  /// - Returns: how many of these the member still sends.
  fileprivate func send(_ count: Int, by member: NodeID) -> Int {
    state.withLock { state in
      let sent = state.sentBytes[member] ?? 0
      let allowed = (state.faults[member]?.breaksOffAfter).map { max(0, min(count, $0 - sent)) } ?? count
      state.sentBytes[member] = sent + allowed
      return allowed
    }
  }

  fileprivate func passGate() async {
    await withUnsafeContinuation { continuation in
      let isOpen = state.withLock { state in
        if state.gateIsClosed { state.atGate.append(continuation) }
        return !state.gateIsClosed
      }
      if isOpen { continuation.resume() }
    }
  }
}

private struct Others: FleetBytes, FleetSites {
  let nodes: JoinedNodes
  let own: NodeID

  private static let chunkBytes = 50_000
  private static let away = RegistryError(.unavailable, "the member is away")

  var isJoined: Bool { !nodes.isDissolved }

  func holders(of digest: Digest, in repository: RepositoryName, clues: BlobClues) async -> [Holding] {
    var found: [Holding] = []
    for (id, registry, faults) in nodes.members(but: own, clues) where !faults.isAway {
      guard (try? await registry.blobs.openHere(digest, in: repository)) ?? nil != nil else { continue }
      guard let ticket = try? await registry.tickets.ticket(for: digest, within: SwarmNode.patience) else { continue }
      found.append(Holding(member: id, ticket: faults.falseTicket ?? ticket))
    }
    return found
  }

  func swarm(of digest: Digest, in repository: RepositoryName, clues: BlobClues) async -> SwarmFinding {
    var peers: [SwarmPeer] = []
    var others: [NodeID] = []
    for (id, registry, faults) in nodes.members(but: own, clues) where !faults.isAway {
      guard let place = try? await registry.reception?.admit(own, to: digest, in: repository) else { continue }
      peers.append(SwarmPeer(member: id, isWhole: place.isWhole, ticket: faults.falseTicket ?? place.ticket))
      others += place.others
    }
    return SwarmFinding(peers: peers, others: others.filter { other in !peers.contains { $0.member == other } })
  }

  func read(
    _ part: Range<Int64>, of digest: Digest, in repository: RepositoryName, from member: NodeID,
    take: @escaping @Sendable ([UInt8]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    guard let (registry, faults) = nodes.member(member), !faults.isAway,
      let reader = try await registry.blobs.openHere(digest, in: repository)
    else { throw Self.away }
    var offset = part.lowerBound
    while offset < part.upperBound {
      await nodes.passGate()
      if Task.isCancelled { throw Self.away }
      var bytes = try await reader.read(
        from: offset, count: Int(min(Int64(Self.chunkBytes), part.upperBound - offset)))
      bytes = Array(bytes.prefix(nodes.send(bytes.count, by: member)))
      guard !bytes.isEmpty else { throw Self.away }
      if let piece = faults.liesInPiece, offset...(offset + Int64(bytes.count) - 1) ~= Int64(piece) * 65_536 {
        bytes[Int(Int64(piece) * 65_536 - offset)] ^= 1
      }
      offset += Int64(bytes.count)
      try await take(bytes)
    }
  }

  var sites: (any FleetSites)? { self }

  func isFar(_ member: NodeID) -> Bool { nodes.isLine(between: own, and: member) }

  func fetchers(of digest: Digest) -> [NodeID]? { nodes.fetchers(before: own) }

  func ask(
    _ member: NodeID, toFetch digest: Digest, in repository: RepositoryName, knowing ticket: SwarmTicket?
  ) async -> FetcherWord? {
    nodes.note(asked: member)
    guard let (registry, faults) = nodes.member(member), !faults.isAway,
      let found = await fetched(digest, in: repository, by: registry)
    else { return nil }
    let peer = SwarmPeer(member: member, isWhole: found.place.isWhole, ticket: found.place.ticket)
    return FetcherWord(peer, receivedBytes: faults.boastedBytes ?? found.receivedBytes)
  }

  /// Who was asked says within two seconds that its fetch has begun, or nothing. A machine that runs all tests at once may
  /// take longer to begin one.
  private func fetched(
    _ digest: Digest, in repository: RepositoryName, by registry: Registry
  ) async -> (place: SwarmReception.Place, receivedBytes: Int64)? {
    if let found = try? await registry.fetch(digest, in: repository, for: own) { return found }
    while let run = registry.fetches?.fetches.run(of: digest) {
      if let place = try? await registry.reception?.admit(own, to: digest, in: repository) {
        return (place, place.isWhole ? place.ticket.size : run.receivedBytes)
      }
      do { try await Task.sleep(for: .milliseconds(2)) } catch { return nil }
    }
    guard let place = try? await registry.reception?.admit(own, to: digest, in: repository) else { return nil }
    return (place, place.ticket.size)
  }

  func keepsManifest(_ digest: Digest) -> Bool { true }

  func manifest(
    _ digest: Digest, size: Int, in repository: RepositoryName, writer: NodeID?
  ) async -> [UInt8]? {
    for (_, registry, faults) in nodes.members(but: own) where !faults.isAway {
      guard let manifest = try? await registry.manifests.resolve(.digest(digest), in: repository),
        let bytes = try? await registry.manifests.bytesHere(of: manifest), bytes.count == size
      else { continue }
      return faults.liesInManifests ? bytes.reversed() : bytes
    }
    return nil
  }
}
