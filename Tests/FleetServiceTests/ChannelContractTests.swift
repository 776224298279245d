import BlockingWork
import FleetCore
import FleetHTTP
import Glibc
import OpenSSLKit
import RegistryCore
import RegistryService
import RegistryTesting
import Telemetry
import Testing
import Wire

@testable import FleetService

/// The channel against a handler on loopback: real certificates, sockets and ranges between two members of one process.
@Suite struct ChannelContractTests {
  @Test(arguments: FleetBytesContract.clauses) func theChannelKeepsTheContract(
    _ clause: StoreClause<FleetBytesSubject>
  ) async throws {
    let pair = try ChannelPair()
    do {
      try await clause.check(pair.subject)
    } catch {
      Issue.record("\(error)")
    }
    await pair.close()
  }

  /// A release that knows no swarms answers as one that has nothing; it is asked who holds the blob all the same.
  @Test func aMemberWithoutSwarmsIsLeftToTheChannel() async throws {
    let pair = try ChannelPair(hasSwarms: false)
    let (blob, repository) = (seededBytes(100_000, seed: 6), try RepositoryName(parsing: "team/app"))
    try await pair.push(blob, to: repository)
    let digest = Digest(of: blob)
    #expect(await pair.channel.swarm(of: digest, in: repository, clues: BlobClues()).isEmpty)
    #expect(await pair.channel.holders(of: digest, in: repository).map(\.member) == [pair.holder])
    await pair.close()
  }

  /// Both stand nowhere, so that no line lies between them.
  @Test func aMemberThatIsAskedToFetchLetsTheAskerInAndSaysHowFarItIs() async throws {
    let pair = try ChannelPair()
    let (blob, here, there) = (
      seededBytes(2_000_000, seed: 7), try RepositoryName(parsing: "team/app"), try RepositoryName(parsing: "other")
    )
    try await pair.push(blob, to: here)
    let (digest, ticket) = (Digest(of: blob), SwarmTicket.hashing(blob, as: Digest(of: blob)))
    let due = ticket.map {
      FetcherWord(SwarmPeer(member: pair.holder, isWhole: true, ticket: $0), receivedBytes: 2_000_000)
    }
    for known in [nil, ticket, SwarmTicket.hashing([1], as: digest)] {
      #expect(await pair.channel.ask(pair.holder, toFetch: digest, in: here, knowing: known) == due)
    }
    #expect(
      await pair.channel.ask(pair.holder, toFetch: digest, in: there, knowing: nil) == nil, "of another repository")
    #expect(await pair.channel.ask(pair.holder, toFetch: Digest(of: [3]), in: here, knowing: nil) == nil)
    let stranger = NodeID([UInt8](repeating: 9, count: NodeID.byteCount))!
    #expect(await pair.channel.ask(stranger, toFetch: digest, in: here, knowing: nil) == nil)
    #expect(pair.channel.fetchers(of: digest) == nil && !pair.channel.isFar(pair.holder))
    // Who stands nowhere is near, and asked as such.
    let clues = BlobClues().nearOnly
    #expect(await pair.channel.swarm(of: digest, in: here, clues: clues).peers == due.map { [$0.peer] })
    #expect(await pair.channel.holders(of: digest, in: here, clues: clues).map(\.member) == [pair.holder])
    await pair.close()
  }

  @Test func whoStandsAtAnotherSiteIsNotAskedToFetchNorWhenOnlyTheNearAre() async throws {
    let pair = try ChannelPair(zones: ["site-a/rack-1", "site-b"])
    let (blob, repository) = (seededBytes(2_000_000, seed: 8), try RepositoryName(parsing: "team/app"))
    try await pair.push(blob, to: repository)
    let digest = Digest(of: blob)
    #expect(pair.channel.isFar(pair.holder))
    #expect(pair.channel.fetchers(of: digest) == [], "it is alone at its site: it is to fetch")
    #expect(await pair.channel.ask(pair.holder, toFetch: digest, in: repository, knowing: nil) == nil)
    let clues = BlobClues().nearOnly
    #expect(await pair.channel.swarm(of: digest, in: repository, clues: clues).isEmpty)
    #expect(await pair.channel.holders(of: digest, in: repository, clues: clues).isEmpty)
    #expect(await pair.channel.swarm(of: digest, in: repository, clues: BlobClues()).peers.count == 1)
    await pair.close()
  }

  @Test func atOneSiteThereIsALineToSpareForNobody() async throws {
    let pair = try ChannelPair(zones: ["site-a/rack-1", "site-a/rack-2"])
    #expect(pair.channel.fetchers(of: Digest(of: [1])) == nil && !pair.channel.isFar(pair.holder))
    await pair.close()
  }
}

/// Two members: one listens and holds, one asks.
private final class ChannelPair: Sendable {
  private struct Member {
    let keys = FleetKeys(Ed25519Key())
    let name: String
  }

  private static let now = Int64(time(nil)) * 1000

  private let work = BlockingPool(name: "work", threads: 1)
  private let registry: Registry
  private let server: HTTPServer
  private let desks: [FleetDesk]
  private let line: FleetChannel
  let holder: NodeID

  /// - Parameters:
  ///   - hasSwarms: the one that holds takes part in swarms.
  ///   - zones: where the one stands that holds, and the one that asks.
  init(hasSwarms: Bool = true, zones: [String?] = [nil, nil]) throws {
    let (one, two) = (Member(name: "one"), Member(name: "two"))
    let authority = try FleetAuthority(makingAt: Self.now)
    let directory = try Self.directory(authority, one, two)
    let certificates = try [one, two].map { try authority.certify($0.keys.publicKey, at: Self.now) }
    registry = Self.registry(of: one.keys.node, work, hasSwarms: hasSwarms)
    let seat = Lock<FleetHandler.Seat?>(nil)
    let tls = try TLSContext(
      .memory([certificates[0], authority.certificate], one.keys.nodeKey), clients: .authority(authority.certificate),
      minimumVersion: .tls13)
    let handler = FleetHandler(registry, seat: { seat.withLock { $0 } }, log: .silent)
    server = try HTTPServer(
      configuration: .init(listeners: [.tcp(host: "127.0.0.1", port: 0, tls: tls)], loops: 1), handler: handler)
    let cards = try Self.cards(of: [one, two], in: zones, at: server, directory)
    line = try FleetChannel(
      two.keys, certificate: certificates[1], authority: authority.certificate, work: work, log: .silent)
    desks = [one, two].map { [line] in Self.desk($0.keys, directory, cards, line) }
    line.attach(desks[1])
    holder = one.keys.node
    seat.withLock { [desks] in $0 = .init(desk: desks[0], door: nil, issuer: nil, papers: NoPapers()) }
  }

  var channel: PatientChannel { PatientChannel(line: line) }

  var subject: FleetBytesSubject {
    FleetBytesSubject(
      channel, holder: holder,
      push: { [self] bytes, repository in try await push(bytes, to: repository) },
      publish: { [registry] manifest, repository in
        _ = try await registry.manifests.push(
          manifest.document.bytes, contentType: nil, to: .digest(manifest.digest), in: repository)
      }, silence: { [server] in await server.stop(within: .zero) })
  }

  func push(_ bytes: [UInt8], to repository: RepositoryName) async throws {
    let visit = try await registry.uploads.begin(in: repository)
    try await visit.append(bytes)
    _ = try await visit.finish(as: Digest(of: bytes))
  }

  func close() async {
    await line.close()
    for desk in desks { await desk.close() }
    await server.stop(within: .zero)
    await registry.close()
    work.stop()
  }

  // MARK: - Parts

  private static func directory(_ authority: FleetAuthority, _ one: Member, _ two: Member) throws -> Directory {
    let names = try [one, two].map { try #require(NodeName(parsing: $0.name)) }
    var directory = Directory(fleetKey: authority.publicKey, notary: one.keys)
    for record in try authority.foundingRecords(of: one.keys.publicKey, named: names[0], at: now, one.keys) {
      _ = directory.restore(record, notary: one.keys)
    }
    let admission = try directory.admission(
      of: two.keys.publicKey, named: names[1], by: one.keys.node, at: now, notary: one.keys)
    _ = directory.restore(authority.sign(admission), notary: one.keys)
    return directory
  }

  /// All are said to be where one listens.
  private static func cards(
    of members: [Member], in zones: [String?], at server: HTTPServer, _ directory: Directory
  ) throws -> CardBook {
    guard case .network(let address, let port)? = server.addresses.first else { throw NoAddress() }
    var cards = CardBook()
    for (member, zone) in zip(members, zones) {
      let introduction = FleetDesk.Introduction(
        name: try #require(NodeName(parsing: member.name)),
        addresses: [try #require(MemberAddress(parsing: "\(address):\(port)"))],
        zone: zone.flatMap { Zone(parsing: $0) }, release: "test")
      let card = try #require(introduction.card(in: directory.fleet, member.keys, at: now))
      _ = cards.restore(card, directory: directory, notary: member.keys)
    }
    return cards
  }

  private struct NoAddress: Error {}

  private static func desk(
    _ keys: FleetKeys, _ directory: Directory, _ cards: CardBook, _ channel: FleetChannel
  ) -> FleetDesk {
    let clock = StillClock()
    let catalogue = MemoryCatalog(node: keys.node, clock: clock)
    let ports = FleetPorts(
      ledger: MemoryLedger(node: keys.node, fleet: directory.fleet, notary: HashNotary(keys.node), clock: clock),
      statements: MemoryStatements(), peers: channel, held: catalogue, clock: clock, log: .silent)
    return FleetDesk(ports, keys: keys, directory: directory, cards: cards, seed: 1)
  }

  private static func registry(of node: NodeID, _ work: BlockingPool, hasSwarms: Bool) -> Registry {
    let (blobs, clock) = (MemoryBlobStore(opensFiles: true), StillClock())
    var swarm = SwarmPorts(
      fleet: MemorySwarm().makeEngine(), makePublic: nil, fetches: MemoryFetchStore(blobs: blobs))
    swarm.way = MemoryWay()
    let catalogue = MemoryCatalog(node: node, clock: clock)
    return Registry(
      RegistryPorts(
        blobs: blobs, uploads: MemoryUploadStore(blobs: blobs), shelf: MemoryManifestShelf(), names: catalogue,
        catalogue: catalogue, content: catalogue, unread: catalogue, tickets: catalogue, wishes: catalogue,
        chance: RandomChance(), clock: clock, work: work, log: .silent), swarm: hasSwarms ? swarm : nil)
  }
}

/// Asks again when nothing came: a question has a second or less, which is short where all tests share two processors.
private struct PatientChannel: FleetBytes, FleetSites {
  private static let attempts = 5

  let line: FleetChannel

  var isJoined: Bool { line.isJoined }
  var sites: (any FleetSites)? { self }

  func keepsManifest(_ digest: Digest) -> Bool { line.keepsManifest(digest) }
  func isFar(_ member: NodeID) -> Bool { line.isFar(member) }
  func fetchers(of digest: Digest) -> [NodeID]? { line.fetchers(of: digest) }

  func holders(
    of digest: Digest, in repository: RepositoryName, clues: BlobClues
  ) async -> [RegistryCore.Holding] {
    await asking(nothing: []) { await line.holders(of: digest, in: repository, clues: clues) }
  }

  func swarm(of digest: Digest, in repository: RepositoryName, clues: BlobClues) async -> SwarmFinding {
    await asking(nothing: SwarmFinding()) { await line.swarm(of: digest, in: repository, clues: clues) }
  }

  func manifest(
    _ digest: Digest, size: Int, in repository: RepositoryName, writer: NodeID?
  ) async -> [UInt8]? {
    await asking(nothing: nil) { await line.manifest(digest, size: size, in: repository, writer: writer) }
  }

  func ask(
    _ member: NodeID, toFetch digest: Digest, in repository: RepositoryName, knowing ticket: SwarmTicket?
  ) async -> FetcherWord? {
    await asking(nothing: nil) { await line.ask(member, toFetch: digest, in: repository, knowing: ticket) }
  }

  /// What has begun to come is not asked for again.
  func read(
    _ part: Range<Int64>, of digest: Digest, in repository: RepositoryName, from member: NodeID,
    take: @escaping @Sendable ([UInt8]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    let hasBegun = Lock(false)
    for attempt in 1...Self.attempts {
      do throws(RegistryError) {
        return try await line.read(part, of: digest, in: repository, from: member) { bytes throws(RegistryError) in
          hasBegun.withLock { $0 = true }
          try await take(bytes)
        }
      } catch {
        if attempt == Self.attempts || hasBegun.withLock({ $0 }) { throw error }
      }
    }
  }

  private func asking<Answer: Equatable & Sendable>(nothing: Answer, _ ask: () async -> Answer) async -> Answer {
    for _ in 1..<Self.attempts {
      let answer = await ask()
      if answer != nothing { return answer }
    }
    return await ask()
  }
}

private struct StillClock: WallClock {
  var millisecondsSince1970: Int64 { 1_800_000_000_000 }
}

private struct RandomChance: Chance {
  func bytes(_ count: Int) -> [UInt8] { SecureRandom.bytes(count) }
}

private struct NoPapers: PapersDesk {
  func certificate(for member: NodeID) async -> Certificate? { nil }
  func keyWish(of issuer: NodeID) async -> [UInt8]? { nil }
  func takeKey(_ parcel: [UInt8], from issuer: NodeID) async throws(RegistryError) -> Bool { false }
}
