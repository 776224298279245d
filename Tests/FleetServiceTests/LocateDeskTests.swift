import BlockingWork
import FleetCore
import RegistryCore
import Telemetry
import Testing

@testable import FleetService

/// Desks of one process that tell and ask each other.
final class LocatingFleet: Sendable {
  struct Member: Sendable {
    let desk: LocateDesk
    let blobs: TestBlobs
  }

  private struct State {
    var members: [NodeID: Member] = [:]
    var away: Set<NodeID> = []
    var asked: [String: Int] = [:]
    var session: Int64 = 0
  }

  private let state = Lock(State())
  let nodes: [NodeID]

  init(_ count: Int, blobs: (Int) -> [Digest] = { _ in [] }) {
    nodes = (1...count).map { NodeID([UInt8](repeating: UInt8($0), count: NodeID.byteCount))! }
    for (place, node) in nodes.enumerated() { start(node, TestBlobs(blobs(place))) }
  }

  /// Also again, with nothing in memory.
  func start(_ node: NodeID, _ blobs: TestBlobs) {
    let desk = LocateDesk(
      node, zone: nil, session: session(),
      peers: Line(fleet: self, from: node), held: blobs, log: .silent)
    state.withLock { $0.members[node] = Member(desk: desk, blobs: blobs) }
    let circle = LocateCircle(members: NodeList(nodes), isAway: { self.isAway($0) })
    desk.open { circle }
  }

  private func session() -> Int64 {
    state.withLock { state in
      state.session += 1_000
      return state.session
    }
  }

  subscript(_ node: NodeID) -> Member { state.withLock { $0.members[node]! } }

  subscript(_ place: Int) -> Member { self[nodes[place]] }

  func isAway(_ node: NodeID) -> Bool { state.withLock { $0.away.contains(node) } }

  func set(_ node: NodeID, isAway: Bool) {
    state.withLock { state in if isAway { state.away.insert(node) } else { state.away.remove(node) } }
  }

  func count(of kind: String) -> Int { state.withLock { $0.asked[kind] ?? 0 } }

  func carry(_ message: FleetMessage, from: NodeID, to: NodeID) -> FleetMessage? {
    let member = state.withLock { state -> Member? in
      let kind = if case .announce = message { "announce" } else { "locate" }
      state.asked[kind, default: 0] += 1
      return state.away.isDisjoint(with: [from, to]) ? state.members[to] : nil
    }
    // As it goes over the wire.
    guard let member, let heard = FleetMessage(bytes: message.bytes) else { return nil }
    return member.desk.answer(heard, from: from).flatMap { FleetMessage(bytes: $0.bytes) }
  }

  func close() async { for node in nodes { await self[node].desk.close() } }
}

private struct Line: FleetPeers {
  let fleet: LocatingFleet
  let from: NodeID

  func ask(_ member: NodeID, at addresses: [MemberAddress], _ message: FleetMessage) async -> FleetMessage? {
    fleet.carry(message, from: from, to: member)
  }

  func drop(_ strangers: Set<NodeID>) async {}
}

final class TestBlobs: HeldBlobs {
  private let digests: [Digest]

  init(_ digests: [Digest]) { self.digests = digests.sorted() }

  func held(after last: Digest?, limit: Int) async throws(RegistryError) -> [Digest] {
    Array(digests.filter { digest in last.map { $0 < digest } ?? true }.prefix(limit))
  }
}

struct LocateDeskTests {
  static let repository = (try? RepositoryName(parsing: "team/app"))!

  /// Looks random; the same for the same number.
  static func digest(_ number: Int) -> Digest {
    var mixed = SplitMix64(seed: UInt64(number))
    let words = (0..<4).map { _ in mixed.next() }
    return Digest(
      algorithm: .sha256, hash: words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) } })
  }

  private func holders(
    of number: Int, seenBy member: LocatingFleet.Member, beside others: [Digest] = [], writer: NodeID? = nil
  ) async -> [NodeID] {
    await member.desk.holders(of: Self.digest(number), beside: others, in: Self.repository, writer: writer)
  }

  /// Waits without sleeping longer than it must.
  private func eventually(_ what: String, _ isSo: () async -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(300)
    while await !isSo() {
      try #require(ContinuousClock.now < deadline, "not in time: \(what)")
      try await Task.sleep(for: .milliseconds(5))
    }
  }

  @Test func whoIsGettingABlobIsFoundByThoseWhoWantItTooAndHoldsItLater() async throws {
    let fleet = LocatingFleet(9)
    let digest = Self.digest(7)
    func peers(_ seeker: Int) async -> [NodeID] {
      await fleet[seeker].desk.peers(of: digest, beside: [], in: Self.repository, writer: nil)
    }
    try await eventually("all tell") { fleet.nodes.allSatisfy { fleet[$0].desk.isTelling } }
    fleet[3].desk.hold(digest, as: .wanted)
    try await eventually("who wants it") { await peers(0) == [fleet.nodes[3]] }
    #expect(await holders(of: 7, seenBy: fleet[0]).isEmpty)
    fleet[3].desk.hold(digest, as: .partial)
    try await eventually("who has some of it") {
      fleet[1].desk.forget(digest)
      return await holders(of: 7, seenBy: fleet[1]) == [fleet.nodes[3]]
    }
    fleet[5].desk.hold(digest)
    try await eventually("whole ones first") {
      fleet[2].desk.forget(digest)
      return await peers(2) == [fleet.nodes[5], fleet.nodes[3]]
    }
    fleet[3].desk.letGo(digest)
    try await eventually("the one that is left") {
      fleet[4].desk.forget(digest)
      return await peers(4) == [fleet.nodes[5]]
    }
    await fleet.close()
  }

  @Test func whatOneHoldsIsFoundByAllOthersAndLaterWhatItCameToHold() async throws {
    let fleet = LocatingFleet(9) { $0 == 4 ? (1...40).map(Self.digest) : [] }
    for number in [1, 40] {
      for seeker in fleet.nodes where seeker != fleet.nodes[4] {
        try await eventually("\(number) is found") {
          await holders(of: number, seenBy: fleet[seeker]) == [fleet.nodes[4]]
        }
      }
    }
    fleet[6].desk.hold(Self.digest(99))
    try await eventually("what came") { await holders(of: 99, seenBy: fleet[0]) == [fleet.nodes[6]] }
    #expect(await holders(of: 12_345, seenBy: fleet[0]).isEmpty)
    await fleet.close()
  }

  @Test func theWriterIsAskedWhenNobodyElseKnowsAny() async throws {
    let fleet = LocatingFleet(12)
    try await eventually("all have met") { fleet.nodes.allSatisfy { fleet[$0].desk.isTelling } }
    // Nobody has been told yet, or all of them are away.
    let ranked = Rendezvous.ranked(fleet.nodes, for: Self.digest(1), limit: 6)
    let writer = try #require(fleet.nodes.first { !ranked.contains($0) })
    let seeker = try #require(fleet.nodes.last { !ranked.contains($0) && $0 != writer })
    for tracker in ranked { fleet.set(tracker, isAway: true) }
    fleet[writer].desk.hold(Self.digest(1))
    #expect(await holders(of: 1, seenBy: fleet[seeker]).isEmpty)
    try await eventually("the writer is asked") {
      await holders(of: 1, seenBy: fleet[seeker], writer: writer) == [writer]
    }
    await fleet.close()
  }

  @Test func withTwoOfThreeTrackersKilledItIsStillFound() async throws {
    let fleet = LocatingFleet(12) { $0 == 0 ? (1...200).map(Self.digest) : [] }
    let holder = fleet.nodes[0]
    let number = try #require(
      (1...200).first { !Rendezvous.ranked(fleet.nodes, for: Self.digest($0), limit: 3).contains(holder) })
    let trackers = Rendezvous.ranked(fleet.nodes, for: Self.digest(number), limit: 3)
    let seekers = fleet.nodes.filter { !trackers.contains($0) && $0 != holder }
    for tracker in trackers {
      try await eventually("told") { fleet[tracker].desk.knows(Self.digest(number)) }
    }
    for tracker in trackers.prefix(2) { fleet.set(tracker, isAway: true) }
    for seeker in seekers {
      try await eventually("found") { await holders(of: number, seenBy: fleet[seeker]) == [holder] }
    }
    await fleet.close()
  }

  @Test func aTrackerThatStartsAnewIsToldAllAgainAndAHolderTellsFromItsStore() async throws {
    let fleet = LocatingFleet(9) { $0 == 0 ? (1...100).map(Self.digest) : [] }
    let holder = fleet.nodes[0]
    let number = try #require(
      (1...100).first { !Rendezvous.ranked(fleet.nodes, for: Self.digest($0), limit: 3).contains(holder) })
    let tracker = Rendezvous.ranked(fleet.nodes, for: Self.digest(number), limit: 3)[0]
    try await eventually("told") { fleet[tracker].desk.knows(Self.digest(number)) }
    await fleet[tracker].desk.close()
    fleet.start(tracker, TestBlobs([]))
    #expect(!fleet[tracker].desk.knows(Self.digest(number)))
    // Something new comes, so that it is told before the next renewal.
    var next = 1000
    try await eventually("told again") {
      next += 1
      fleet[holder].desk.hold(Self.digest(next))
      return fleet[tracker].desk.knows(Self.digest(number))
    }
    await fleet[holder].desk.close()
    fleet.start(holder, fleet[holder].blobs)
    let seeker = try #require(fleet.nodes.first { $0 != holder && $0 != tracker })
    try await eventually("the holder again") { await holders(of: number, seenBy: fleet[seeker]) == [holder] }
    await fleet.close()
  }

  @Test func allLayersAreAskedForInOneQuestionEach() async throws {
    let layers = (1...20).map(Self.digest)
    let fleet = LocatingFleet(9) { $0 == 3 ? layers : [] }
    try await eventually("told") { fleet.nodes.contains { fleet[$0].desk.knows(layers[0]) } }
    for number in 1...20 {
      try await eventually("all told") { await holders(of: number, seenBy: fleet[8]) == [fleet.nodes[3]] }
    }
    let before = fleet.count(of: "locate")
    // Who does not answer within a quarter of a second is asked anew.
    var searches = 1
    for number in 1...20 {
      try await eventually("found") {
        let isFound = await holders(of: number, seenBy: fleet[7], beside: layers) == [fleet.nodes[3]]
        if !isFound { searches += 1 }
        return isFound
      }
    }
    #expect(fleet.count(of: "locate") - before <= 8 * searches, "one to each other member at most")
    await fleet.close()
  }

  @Test func aWalkOverManyBlobsEachTakesFewMessages() async throws {
    let (nodes, blobs) = (9, 1_500)
    let began = ContinuousClock.now
    let fleet = LocatingFleet(nodes) { place in (1...blobs).map { Self.digest(place * blobs + $0) } }
    var expected = 0
    for (place, node) in fleet.nodes.enumerated() {
      for number in 1...blobs {
        let trackers = Rendezvous.ranked(fleet.nodes, for: Self.digest(place * blobs + number), limit: 3)
        expected += trackers.count { $0 != node }
      }
    }
    try await eventually("all leases") { fleet.nodes.reduce(0) { $0 + fleet[$1].desk.counts.leases } == expected }
    let messages = fleet.count(of: "announce")
    let took = began.duration(to: .now)
    print("\(expected) leases by \(messages) messages in \(took)")
    // A page of the walk is told to each other member, and from time to time that all still holds.
    let renewals = Int(took / .milliseconds(LeaseLimits().renewalMilliseconds))
    #expect(messages <= nodes * (nodes - 1) * (blobs / 512 + 4 + renewals))
    await fleet.close()
  }

  @Test func inASmallFleetNobodyIsTold() async throws {
    let fleet = LocatingFleet(8) { _ in (1...10).map(Self.digest) }
    for node in fleet.nodes { try await eventually("it has looked") { fleet[node].desk.hasLooked } }
    fleet[0].desk.hold(Self.digest(77))
    #expect(fleet.count(of: "announce") == 0)
    #expect(fleet.nodes.allSatisfy { !fleet[$0].desk.isTelling })
    await fleet.close()
  }
}
