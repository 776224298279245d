import BlockingWork
import CatalogSQLite
import Configuration
import FleetCore
import FleetHTTP
import FleetService
import OpenSSLKit
import RegistryCore
import RegistryService
import Telemetry
import Wire

/// A node's part in a fleet. It may be alone, and found or join one while it runs; then it is a member until it ends.
actor NodeFleet {
  /// What a member has in hand.
  struct Seat: Sendable {
    let desk: FleetDesk
    let channel: FleetChannel
    /// `nil`: nothing here fetches blobs.
    let keeper: KeeperDesk?
    /// `nil`: this node does not hold the fleet's key.
    var door: JoinDoor?
    var papers: FleetFiles.Papers

    /// `nil`: this node does not hold the fleet's key.
    var issuer: FleetIssuer? { papers.issuing.map { FleetIssuer(desk, $0) } }

    /// Of the certificate that the node shows.
    var certificateEndsAtSeconds: Int64 { papers.certificate.validity.notAfter }

    /// Whether the fleet has put this node out, or the node has lost what it knew of its fleet.
    var isStranger: Bool { !desk.current.isThisNodeMember }

    /// Also one that hears nobody: it may have been removed, and nobody tells it.
    var mayComeBack: Bool { isStranger || desk.current.behindMilliseconds ?? .max > NodeFleet.loneMilliseconds }
  }

  /// What listens for the fleet: told the certificates to show, and whom to cut off. Must not block for long.
  struct Port: Sendable {
    let introduction: FleetDesk.Introduction
    let show: @Sendable (FleetFiles.Papers) throws -> Void
    /// Shows what a node that is alone shows.
    let hide: @Sendable () throws -> Void
    let cut: @Sendable (Set<NodeID>) -> Void
    /// Takes the tunnels that members open.
    let entrance: TunnelEntrance
    let streams: Streams
  }

  nonisolated let keys: FleetKeys
  nonisolated let settings: Settings.Fleet
  nonisolated let keep: Settings.Keep
  nonisolated let push: Settings.Push
  nonisolated let log: Logger
  nonisolated let clock: any WallClock
  nonisolated let files: FleetFiles
  nonisolated private let seat = Lock<Seat?>(nil)
  nonisolated private let verbs = Lock<Registry?>(nil)
  nonisolated private let held = Lock<SQLiteCatalog?>(nil)
  /// `nil`: blobs come over the channel alone.
  nonisolated let swarm = Lock<FleetSwarm?>(nil)
  nonisolated private let follower = Lock(Follower {})
  nonisolated let meter = FleetMeter()
  nonisolated let keepMeter = KeepMeter()
  nonisolated let work: BlockingPool
  private(set) var port: Port?
  /// Founding and joining take several steps: one at a time.
  private var isChanging = false
  /// Looks after the certificate while the node is a member.
  var renewal: Task<Void, Never>?
  /// Why the certificate that is due was not renewed the last time; `nil`: nothing went wrong.
  nonisolated let renewalTrouble = Lock<String?>(nil)
  /// Handovers of the fleet's key to this node.
  var taker: KeyTaker
  nonisolated private let conduct = Lock(Conduct())

  /// Not to have compared with anybody for so long is to be cut off.
  static let loneMilliseconds: Int64 = 10_000

  /// What keeps this node from writing besides what its fleet says.
  struct Conduct: Sendable {
    /// It has papers of a fleet: where it does not speak with it, it writes nothing.
    var isMember = false
    /// Departures under way.
    var departures = 0
  }

  private struct Follower {
    let follow: @Sendable () -> Void
  }

  init(_ keys: FleetKeys, _ files: FleetFiles, _ settings: Settings, work: BlockingPool, log: Logger) {
    (self.keys, self.files, self.settings, self.work, self.log) = (keys, files, settings.fleet, work, log)
    (keep, push) = (settings.keep, settings.push)
    clock = SystemClock()
    taker = KeyTaker(keys)
  }

  /// Once, before anything else is asked of it: what it keeps its knowledge in.
  nonisolated func use(_ catalogue: SQLiteCatalog) { held.withLock { $0 = catalogue } }

  /// Once: who is told when names may stand for something else by what others said. Must not block.
  nonisolated func tell(_ follow: @escaping @Sendable () -> Void) {
    follower.withLock { $0 = Follower(follow: follow) }
  }

  nonisolated var catalogue: SQLiteCatalog {
    guard let catalogue = held.withLock({ $0 }) else { preconditionFailure("a node has a catalogue before a fleet") }
    return catalogue
  }

  /// The same, for the verbs over it.
  nonisolated func use(_ registry: Registry) { verbs.withLock { $0 = registry } }

  nonisolated var registry: Registry? { verbs.withLock { $0 } }

  /// From any thread, at the cost of a lock. `nil`: the node is alone.
  nonisolated var current: Seat? { seat.withLock { $0 } }

  /// What the registry asks before it writes a name, and tells after.
  nonisolated var writing: NameWriting {
    NameWriting(
      refusal: { self.refusal(toWrite: $0) },
      wrote: {
        self.current?.desk.noteWriting()
        self.current?.keeper?.notice()
      }, kept: { images throws(RegistryError) in try await self.waitUntilKept(images) })
  }

  nonisolated func noteMembership(_ isMember: Bool) { conduct.withLock { $0.isMember = isMember } }

  /// Whether it has papers of a fleet, at rest or not.
  nonisolated var isJoined: Bool { conduct.withLock { $0.isMember } }

  nonisolated func noteDeparture(_ isBegun: Bool) { conduct.withLock { $0.departures += isBegun ? 1 : -1 } }

  /// On its way out of the fleet.
  nonisolated var isLeaving: Bool { conduct.withLock { $0.departures > 0 } }

  nonisolated private func refusal(toWrite repository: RepositoryName) -> RegistryError? {
    let conduct = conduct.withLock { $0 }
    guard conduct.departures == 0 else { return WriteRefusal.leaving }
    guard let desk = current?.desk else { return conduct.isMember ? WriteRefusal.atRest : nil }
    let view = desk.current
    return WriteRefusal.of(view) ?? WriteRefusal.of(clockOffset: desk.clockOffset)
      ?? WriteRefusal.of(view, to: repository)
  }

  /// What the registry asks before it tells what a name stands for.
  nonisolated var reading: NameReading {
    NameReading(
      isFresh: { self.current?.desk.isFresh ?? true },
      freshen: { subject in
        guard let desk = self.current?.desk, !(await desk.freshen()) else { return nil }
        return ReadRefusal.of(subject, desk.current)
      })
  }

  /// Drops from the log of claims what nobody needs. Alone: whatever is old enough.
  nonisolated func shorten(_ log: any LogShortening) async throws(RegistryError) -> Int {
    guard let desk = current?.desk else {
      return try await log.shortenLog(to: ClaimRetention(), forgetting: .all).dropped
    }
    guard let (retention, deletions) = desk.forgettable else { return 0 }
    let shortened = try await log.shortenLog(to: retention, forgetting: deletions)
    desk.noteShortening(shortened)
    return shortened.dropped
  }

  // MARK: - Life

  /// Begins to speak with the members, if there are any. Before the first request.
  func open(_ port: Port) async throws(RegistryError) {
    self.port = port
    if let papers = try await loadPapers() { try await sit(papers) }
  }

  /// Safe twice.
  func close() async {
    renewal?.cancel()
    await renewal?.value
    let seat = seat.withLock { seat in
      defer { seat = nil }
      return seat
    }
    await seat?.keeper?.close()
    await closeSwarm()
    await seat?.desk.close()
    await seat?.channel.close()
  }

  private func loadPapers() async throws(RegistryError) -> FleetFiles.Papers? {
    let files = files
    return try await work.run { () throws(RegistryError) in try files.load() }
  }

  /// Takes the place at the table that the papers give.
  private func sit(_ papers: FleetFiles.Papers) async throws(RegistryError) {
    guard let port else { return }
    guard let fleetKey = papers.authority.key.ed25519.flatMap({ PublicKey($0) }) else {
      throw RegistryError(.unsupported, "the fleet's certificate is not of an Ed25519 key")
    }
    let channel = try channel(papers)
    let follow = follower.withLock { $0 }.follow
    let ports = FleetPorts(
      ledger: catalogue, statements: catalogue, peers: channel, held: catalogue, clock: clock, log: log,
      namesChanged: { [weak self] in
        follow()
        self?.current?.keeper?.notice()
      }, membersChanged: { [weak self] before, after in self?.noteIssuers(before, after) },
      meter: meter, bulletin: bulletin)
    let seed = SecureRandom.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let desk = try await FleetDesk.remembering(fleetKey, ports, keys: keys, as: port.introduction, seed: seed)
    channel.attach(desk)
    let door = try await door(papers, desk)
    do { try port.show(papers) } catch {
      throw RegistryError(.internal, "the fleet's certificates cannot be shown: \(error)")
    }
    try await desk.open()
    let keeper = keeper(beside: channel)
    let taken = Seat(desk: desk, channel: channel, keeper: keeper, door: door, papers: papers)
    seat.withLock { $0 = taken }
    keeper?.open()
    desk.introduce(port.introduction)
    // What was written between the two lines above told nobody.
    desk.noteWriting()
    log.info(
      "this node is in a fleet", LogField("fleet", desk.current.fleet.description),
      LogField("node", keys.node.description), LogField("members", desk.current.directory.members.count))
    // It heard so before and ended before its copy of the key was gone.
    if papers.issuing != nil, desk.current.directory.isDemoted(keys.node) { await layDownKey() }
    lookAfterCertificate()
    registry?.bans.forgetAll()
    await openSwarm(port)
  }

  /// Changes what a member has in hand; nothing happens to a node that is alone.
  func change(_ body: (inout Seat) -> Void) {
    seat.withLock { seat in
      if var changed = seat {
        body(&changed)
        seat = changed
      }
    }
  }

  /// `nil`: this node is no issuer.
  func door(_ papers: FleetFiles.Papers, _ desk: FleetDesk) async throws(RegistryError) -> JoinDoor? {
    guard let issuing = papers.issuing else { return nil }
    return try await JoinDoor.open(desk, issuing) { node, addresses in await Doorbell().ring(node, addresses) }
  }

  func channel(_ papers: FleetFiles.Papers) throws(RegistryError) -> FleetChannel {
    let cut = port?.cut
    do {
      return try FleetChannel(
        keys, certificate: papers.certificate, authority: papers.authority, work: work, log: log,
        dropped: { strangers in cut?(strangers) })
    } catch {
      throw RegistryError(.internal, "the way to the fleet cannot be opened: \(error)")
    }
  }

  // MARK: - Changing

  /// One change at a time, of a node that is alone.
  func changing<Success: Sendable>(
    _ body: () async throws(RegistryError) -> Success
  ) async throws(RegistryError) -> Success {
    guard !isChanging else {
      throw RegistryError(.unavailable, "another command makes this node part of a fleet just now")
    }
    isChanging = true
    defer { isChanging = false }
    if try await loadPapers() != nil, current?.mayComeBack != true {
      throw Self.memberAlready
    }
    return try await body()
  }

  /// Founds a fleet of this node alone.
  /// - Parameter given: of the operator's own making; else one is made.
  func makeFleet(_ given: FleetAuthority? = nil) async throws(RegistryError) -> FleetID {
    guard let name = FleetDesk.Introduction.name(settings) else {
      throw RegistryError(.unsupported, "the machine's name is no name of a node: set fleet.name")
    }
    let now = clock.millisecondsSince1970
    let (authority, records, certificate): (FleetAuthority, [FleetRecord], Certificate)
    do {
      authority = try given ?? FleetAuthority(makingAt: now, certificateSeconds: files.certificateSeconds)
      records = try authority.foundingRecords(of: keys.publicKey, named: name, at: now, keys)
      certificate = try authority.certify(keys.publicKey, at: now)
    } catch {
      throw RegistryError(.internal, "the fleet could not be made: \(error)")
    }
    try await settle(
      FleetFiles.Papers(authority: authority.certificate, certificate: certificate, issuing: authority), records, [],
      NameComparison.Plan())
    return authority.publicKey.fleet(keys)
  }

  /// Refused in a fleet of which this node is a stranger.
  func mustBeAlone() throws(RegistryError) {
    guard let current else { return }
    throw current.isStranger ? Self.removed : Self.memberAlready
  }

  /// Papers and what the fleet says are kept, the log is written anew as the fleet's, and last of all the node is a member:
  /// a crash before that leaves it alone.
  private func settle(
    _ papers: FleetFiles.Papers, _ records: [FleetRecord], _ cards: [MemberCard], _ plan: NameComparison.Plan
  ) async throws(RegistryError) {
    guard let fleetKey = papers.authority.key.ed25519.flatMap({ PublicKey($0) }) else {
      throw RegistryError(.unsupported, "the fleet's certificate is not of an Ed25519 key")
    }
    let files = files
    try await work.run { () throws(RegistryError) in
      try files.prepare(papers.certificate, key: papers.issuing?.key)
    }
    try await FleetDesk.keep(records, cards, in: catalogue, keys: keys)
    _ = try await catalogue.rebase(
      onto: fleetKey.fleet(keys), restating: plan.restated, dropping: plan.dropped)
    try await work.run { () throws(RegistryError) in try files.seal(papers.authority) }
    noteMembership(true)
    try await sit(papers)
    // Whoever has joined may push.
    await current?.desk.settled()
  }

  /// Joins the fleet that the token invites to.
  func enter(_ token: InviteToken, _ choice: NamesChoice) async throws(RegistryError) -> FleetID {
    guard let port else {
      throw RegistryError(
        .unsupported,
        "the fleet must be able to reach this node: start it with fleet.listen (--fleet-listen HOST:PORT), then join")
    }
    if let fleet = current?.desk.current.fleet, fleet != token.fleet {
      throw current?.isStranger == true ? Self.removed : Self.memberAlready
    }
    guard let card = port.introduction.card(in: token.fleet, keys, at: clock.millisecondsSince1970) else {
      throw RegistryError(.internal, "this node's name and addresses make no card")
    }
    let joined: Joining.NewMember
    do {
      joined = try await JoinCall(token, keys: keys, card: card).run()
    } catch {
      throw RegistryError(.unavailable, "\(error)")
    }
    let papers = try papers(of: joined)
    if current != nil {
      try await comeBack(papers, joined.welcome)
    } else {
      let plan = try await plan(choice, papers, joined)
      try await settle(papers, joined.welcome.records, joined.welcome.cards, plan)
    }
    return token.fleet
  }

  private func papers(of joined: Joining.NewMember) throws(RegistryError) -> FleetFiles.Papers {
    guard let authority = Certificate(der: joined.welcome.authority),
      authority.key.ed25519 == joined.fleetKey.bytes,
      let certificate = Certificate(der: joined.welcome.certificate)
    else { throw RegistryError(.unavailable, JoinFault.falseAnswer.description) }
    return FleetFiles.Papers(authority: authority, certificate: certificate, issuing: nil)
  }

  /// A node that was removed is let in again: new papers, and a new epoch behind the log that ended with the removal. What
  /// all have said stays here, and what came since is fetched.
  private func comeBack(_ papers: FleetFiles.Papers, _ welcome: JoinAnswer.Welcome) async throws(RegistryError) {
    await close()
    let files = files
    try await work.run { () throws(RegistryError) in try files.prepare(papers.certificate, key: nil) }
    try await FleetDesk.keep(welcome.records, welcome.cards, in: catalogue, keys: keys)
    _ = try await catalogue.beginEpoch()
    try await work.run { () throws(RegistryError) in try files.seal(papers.authority) }
    try await sit(papers)
  }
}
