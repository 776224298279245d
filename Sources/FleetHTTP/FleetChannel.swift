import BlockingWork
import CurlKit
import FleetCore
import FleetService
import OpenSSLKit
import RegistryCore
import Telemetry

/// The way to other members: HTTPS with TLS 1.3, both ends known by their certificates. Who answers is compared with who was
/// meant before a byte of the question is sent, whatever address it was found at.
public final class FleetChannel: FleetPeers, FleetBytes {
  /// Members that are asked for a blob at once. In larger fleets the nearest by rank, and some others.
  static let askedMembers = 32
  static let rankedMembers = 8
  /// Of those that are said to hold a blob.
  static let locatedMembers = 8
  /// In fleets that are not small.
  static let manifestKeepers = 3

  /// For others, when one has said that it holds a blob.
  private static let secondHolderPatience = Duration.milliseconds(50)
  /// When nobody has said so, nothing is left but to wait for whoever is busy, or far.
  private static let holdingPatience = Duration.seconds(5)
  /// For those who have just not answered, and for those who are only to be looked for first.
  static let doubtedPatience = Duration.milliseconds(300)
  private static let manifestPatience = Duration.seconds(5)
  /// For those who are asked first, before others are asked beside them.
  private static let manifestWavePatience = Duration.milliseconds(300)
  private static let turnsWaitedFor = 3
  /// In seconds.
  private static let longestTurn: Int64 = 10

  private let node: NodeID
  let client: HTTPClient
  /// Tickets are checked here: a large one takes milliseconds.
  let work: BlockingPool
  private let log: Logger
  private let desk = Lock<FleetDesk?>(nil)
  private let dropped: @Sendable (Set<NodeID>) -> Void

  /// - Parameters:
  ///   - authority: of the fleet; whoever shows a certificate of another one is not spoken to.
  ///   - dropped: told who is a member no more, for connections that came from there. Must not block.
  public init(
    _ keys: FleetKeys, certificate: Certificate, authority: Certificate, work: BlockingPool, log: Logger,
    dropped: @escaping @Sendable (Set<NodeID>) -> Void = { _ in }
  ) throws {
    client = try HTTPClient(credentials: try Self.credentials(keys, certificate, authority))
    (node, self.work, self.log, self.dropped) = (keys.node, work, log, dropped)
  }

  /// Once, when there is somebody who knows the members.
  public func attach(_ desk: FleetDesk) { self.desk.withLock { $0 = desk } }

  var attached: FleetDesk? { desk.withLock { $0 } }

  public func close() async { await client.close() }

  static func credentials(
    _ keys: FleetKeys, _ certificate: Certificate, _ authority: Certificate
  ) throws -> CurlKit.TLSCredentials {
    var pem = keys.nodeKey.pem
    defer { SecretBytes.wipe(&pem) }
    return try CurlKit.TLSCredentials(
      roots: .pem(authority.pem), identity: .check(refusal), minimumVersion: .tls13, certificates: certificate.pem,
      key: pem)
  }

  private static let refusal: CurlKit.TLSCredentials.PeerCheck = { origin, certificate in
    certificate.owner.map { HTTPOrigin($0) } == origin ? nil : "another node answers there"
  }

  // MARK: - Peers

  public func ask(
    _ member: NodeID, at addresses: [MemberAddress], _ message: FleetMessage
  ) async -> FleetMessage? {
    let patience = HTTPPatience(whole: .milliseconds(FleetLimits.askMilliseconds))
    let answer = await fetch(
      .message, from: member, at: addresses, sending: message.bytes, patience, atMost: FleetLimits.messageBytes)
    guard let (message, passedOver) = answer.flatMap({ FleetMessage.read($0) }) else { return nil }
    if passedOver > 0 { attached?.notePassedOver(passedOver, from: member) }
    return message
  }

  public func drop(_ strangers: Set<NodeID>) async {
    for node in strangers { client.dropConnections(to: HTTPOrigin(node)) }
    dropped(strangers)
  }

  // MARK: - Bytes

  /// In a small fleet all are asked. In a larger one those that are said to hold it; and where that is nobody, or false,
  /// the ones that would be the first to know, and some others. Who is suspected is asked when nobody else has it.
  public func holders(
    of digest: Digest, in repository: RepositoryName, clues: BlobClues
  ) async -> [RegistryCore.Holding] {
    let circle = circle
    if clues.isNearOnly { return await nearHolders(of: digest, in: repository, clues) }
    if circle.near.count >= LocateDesk.smallFleet, let locate = attached?.locate {
      let named = await locate.holders(of: digest, beside: clues.beside, in: repository, writer: clues.writer)
      let found = await holders(of: digest, in: repository, among: Array(named.prefix(Self.locatedMembers)))
      if !found.isEmpty { return found }
      locate.forget(digest)
    }
    let asked = some(of: circle.near, for: digest, first: clues.writer, limit: Self.askedMembers)
    let found = await holders(of: digest, in: repository, among: asked)
    guard found.isEmpty else { return found }
    return await holders(of: digest, in: repository, among: circle.someDoubted, Self.doubtedPatience)
  }

  func holders(
    of digest: Digest, in repository: RepositoryName, among members: [NodeID],
    _ patience: Duration = holdingPatience
  ) async -> [RegistryCore.Holding] {
    guard !members.isEmpty else { return [] }
    return await withTaskGroup(of: HolderWord.self) { group in
      for member in members {
        group.addTask {
          await self.holding(of: digest, in: repository, member, patience).map(HolderWord.holds) ?? .nothing
        }
      }
      // Who answers first is the nearest, or has the most time.
      var (found, left): ([RegistryCore.Holding], Int) = ([], members.count)
      while left > 0, let word = await group.next() {
        switch word {
        case .enough: left = 0
        case .nothing: left -= 1
        case .holds(let holding):
          left -= 1
          if found.isEmpty { group.addTask { await Self.rest() } }
          found.append(holding)
        }
      }
      group.cancelAll()
      return found
    }
  }

  private enum HolderWord: Sendable {
    case holds(RegistryCore.Holding)
    case nothing
    /// Whoever has not answered by now is not waited for.
    case enough
  }

  /// Since there is one who has it: a reader waits.
  private static func rest() async -> HolderWord {
    // Cancelled: all have answered.
    try? await Task.sleep(for: secondHolderPatience)
    return .enough
  }

  private func holding(
    of digest: Digest, in repository: RepositoryName, _ member: NodeID, _ patience: Duration
  ) async -> RegistryCore.Holding? {
    let bytes = await fetch(
      .holding(digest, repository), from: member, at: addresses(of: member), HTTPPatience(whole: patience),
      atMost: SwarmTicket.byteLimit)
    guard let bytes else { return nil }
    let ticket = await work.run { SwarmTicket(bytes: bytes) }
    guard let ticket, ticket.digest == digest else {
      logFalseTicket(of: member)
      return nil
    }
    return RegistryCore.Holding(member: member, ticket: ticket)
  }

  func logFalseTicket(of member: NodeID) {
    log.warning("a member sent a ticket that is none", LogField("member", member.description))
  }

  public func read(
    _ part: Range<Int64>, of digest: Digest, in repository: RepositoryName, from member: NodeID,
    take: @escaping @Sendable ([UInt8]) async throws(RegistryError) -> Void
  ) async throws(RegistryError) {
    guard !part.isEmpty else { return }
    var patience = HTTPPatience()
    (patience.connect, patience.firstByte, patience.grace) = (.seconds(1), .seconds(2), .seconds(1))
    do throws(HTTPClientError) {
      let fields: HTTPHeaders = ["Range": "bytes=\(part.lowerBound)-\(part.upperBound - 1)"]
      let response = try await send(
        .blob(digest, repository), to: member, at: addresses(of: member), fields, patience)
      try await Self.pass(response, Int64(part.count), to: take)
    } catch {
      switch error {
      case .bodySourceFailed(let reason as RegistryError): throw reason
      default: throw RegistryError(.unavailable, "a member's bytes did not come", cause: "\(error)")
      }
    }
  }

  /// What the taker throws travels as the failure of a source, and comes out as what it was.
  private static func pass(
    _ response: HTTPResponse, _ count: Int64,
    to take: @Sendable ([UInt8]) async throws(RegistryError) -> Void
  ) async throws(HTTPClientError) {
    guard response.status == 206 else {
      throw .bodySourceFailed(RegistryError(.unavailable, "a member answered \(response.status)"))
    }
    var left = count
    while let piece = try await response.body.next() {
      left -= Int64(piece.count)
      guard left >= 0 else { throw .bodySourceFailed(RegistryError(.unavailable, "a member sent too much")) }
      do throws(RegistryError) { try await take(piece) } catch { throw .bodySourceFailed(error) }
    }
    guard left == 0 else { throw .bodySourceFailed(RegistryError(.unavailable, "a member sent too little")) }
  }

  public var isJoined: Bool { true }

  public func keepsManifest(_ digest: Digest) -> Bool {
    guard let members = attached?.current.directory.members else { return false }
    return members.count <= LocateDesk.smallFleet
      || Rendezvous.ranked(members, for: digest, limit: Self.manifestKeepers).contains(node)
  }

  /// Who wrote it is asked first, and alone: of a small fleet all want it at the same time. Then those who keep it, then
  /// others, then who is suspected.
  public func manifest(
    _ digest: Digest, size: Int, in repository: RepositoryName, writer: NodeID?
  ) async -> [UInt8]? {
    let circle = circle
    let near = some(
      of: circle.near, for: digest, first: writer,
      limit: circle.near.count < LocateDesk.smallFleet ? .max : Self.rankedMembers)
    let far = some(of: circle.near, for: digest, first: nil, limit: Self.askedMembers).filter { !near.contains($0) }
    let first = near.first { $0 == writer } ?? Rendezvous.ranked(near, for: digest, limit: 1).first
    let waves = [near.filter { $0 == first }, near.filter { $0 != first }, far, circle.someDoubted]
    return await Waves.answer(of: waves, pause: Self.manifestWavePatience) { member in
      let bytes = await self.fetch(
        .manifest(digest, repository), from: member, at: self.addresses(of: member),
        HTTPPatience(whole: Self.manifestPatience), atMost: size)
      return bytes?.count == size ? bytes : nil
    }
  }

  // MARK: - Whom to ask

  var circle: Circle {
    guard let view = attached?.current, view.isThisNodeMember else { return .nobody }
    return Circle(of: view.directory.members.filter { $0 != node }, state: view.state)
  }

  /// One that is meant, those that rank highest, and some by chance.
  func some(of circle: [NodeID], for digest: Digest, first: NodeID?, limit: Int) -> [NodeID] {
    guard circle.count > limit else { return circle }
    let ranked = Rendezvous.ranked(circle, for: digest, limit: min(limit, Self.rankedMembers))
    let meant = circle.filter { $0 == first && !ranked.contains($0) }
    let further = circle.filter { !ranked.contains($0) && !meant.contains($0) }
    let rest = limit - ranked.count - meant.count
    return meant + ranked + (rest > 0 ? further.shuffled().prefix(rest) : [])
  }

  func addresses(of member: NodeID) -> [MemberAddress] {
    attached?.current.cards[member]?.draft.addresses ?? []
  }

  // MARK: - Asking

  /// The same as `fetch`, of what a member answers only so often: where it says later, that is waited for and it is asked
  /// again, for as long as a few such waits take.
  func fetchInTurn(
    _ route: FleetRoute, from member: NodeID, sending bytes: [UInt8] = [], _ patience: HTTPPatience, atMost limit: Int
  ) async -> [UInt8]? {
    for _ in 0..<Self.turnsWaitedFor {
      do throws(HTTPClientError) {
        let response = try await send(route, to: member, at: addresses(of: member), [:], patience, sending: bytes)
        guard response.status == 429 else {
          guard 200...299 ~= response.status else { return nil }
          return try await response.body.collect(atMost: limit)
        }
        let seconds = response.headers["Retry-After"].flatMap { Int64($0) } ?? 1
        do { try await Task.sleep(for: .seconds(min(max(seconds, 1), Self.longestTurn))) } catch { return nil }
      } catch {
        logSilence(of: member, error)
        return nil
      }
    }
    return nil
  }

  /// `nil`: there was no answer, or one that is not 200.
  func fetch(
    _ route: FleetRoute, from member: NodeID, at addresses: [MemberAddress], fields: HTTPHeaders = [:],
    sending bytes: [UInt8]? = nil, _ patience: HTTPPatience, atMost limit: Int
  ) async -> [UInt8]? {
    do throws(HTTPClientError) {
      let response = try await send(route, to: member, at: addresses, fields, patience, sending: bytes)
      guard response.status == 200 else { return nil }
      return try await response.body.collect(atMost: limit)
    } catch {
      logSilence(of: member, error)
      return nil
    }
  }

  func logSilence(of member: NodeID, _ error: HTTPClientError) {
    log.debug("a member did not answer", LogField("member", member.description), LogField("error", error.description))
  }

  /// At its addresses in turn, as long as nobody can be reached there.
  func send(
    _ route: FleetRoute, to member: NodeID, at addresses: [MemberAddress], _ fields: HTTPHeaders,
    _ patience: HTTPPatience, sending bytes: [UInt8]? = nil
  ) async throws(HTTPClientError) -> HTTPResponse {
    let origin = HTTPOrigin(member)
    var failure = HTTPClientError.cannotConnect(origin, .unknownName)
    for address in addresses {
      var request = HTTPRequest(
        bytes == nil ? .get : .post, try HTTPURL(origin, target: route.path), headers: fields,
        body: bytes.map { .bytes($0) } ?? .none, patience: patience)
      request.patience.connect = min(patience.connect, patience.whole ?? patience.connect) / addresses.count
      request.dial = HTTPDialAddress(host: address.host, port: address.port)
      do throws(HTTPClientError) {
        return try await client.send(request)
      } catch {
        failure = error
        switch error {
        case .cannotConnect, .tlsRefused: continue
        default: throw error
        }
      }
    }
    throw failure
  }
}
