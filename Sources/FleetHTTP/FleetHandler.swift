import FleetCore
import FleetService
import OpenSSLKit
import RegistryCore
import RegistryService
import Telemetry
import Wire

/// Answers members on the fleet's port, for what is here alone: it never passes a question on. To all others nothing is
/// there but the door by which an invited node comes in.
public final class FleetHandler: Handler {
  /// What a node is in its fleet at this moment; `nil`: it is alone.
  public struct Seat: Sendable {
    public let desk: FleetDesk
    /// `nil`: this node is no issuer.
    public let door: JoinDoor?
    /// The same.
    public let issuer: FleetIssuer?
    let papers: any PapersDesk
    /// Looks after what this node keeps; `nil`: it keeps what it has, and nothing for others.
    let keeper: KeeperDesk?
    /// On its way out, it keeps nothing for anybody.
    let isLeaving: @Sendable () -> Bool

    public init(
      desk: FleetDesk, door: JoinDoor?, issuer: FleetIssuer?, papers: any PapersDesk, keeper: KeeperDesk? = nil,
      isLeaving: @escaping @Sendable () -> Bool = { false }
    ) {
      (self.desk, self.door, self.issuer, self.papers, self.keeper) = (desk, door, issuer, papers, keeper)
      self.isLeaving = isLeaving
    }
  }

  /// How long a ticket may take that must be computed first.
  private static let ticketPatience = Duration.milliseconds(800)
  /// What the first questions of a member fit into.
  private static let strangersByteLimit = 64 << 10

  let registry: Registry
  /// Each may begin fetches of a whole image.
  private let keeps = MemberPace(burst: 64, milliseconds: 50)
  /// Each is about many images.
  private let kepts = MemberPace(burst: 128, milliseconds: 20)
  /// Each may bring a torrent live. A member asks a few times for each blob that it fetches.
  private let swarms = MemberPace(burst: 1024, milliseconds: 10)
  /// Each is signed, and written in the log. A node wants one in months.
  private let certificates = MemberPace(burst: 5, milliseconds: 5000)
  private let seat: @Sendable () -> Seat?
  private let log: Logger

  /// - Parameter seat: asked for each request; must not block.
  public init(_ registry: Registry, seat: @escaping @Sendable () -> Seat?, log: Logger) {
    (self.registry, self.seat, self.log) = (registry, seat, log)
  }

  public func respond(to request: Request, body: any RequestBody) async -> Response {
    guard let seat = seat(), let route = FleetRoute(request.method, path: request.path) else { return .nothing }
    if route == .join { return await join(seat, request, body) }
    guard let member = member(of: seat, request) else {
      return route == .message ? await turnAway(seat, request, body) : .nothing
    }
    do throws(RegistryError) {
      return try await answer(route, to: member, seat, request, body)
    } catch {
      return refuse(error, request)
    }
  }

  public func finished(_ request: Request, _ exchange: Exchange) async {}

  /// Asked anew with each request: who was removed is a stranger from then on.
  private func member(of seat: Seat, _ request: Request) -> NodeID? {
    guard let client = request.client, let node = NodeID(client.identity), seat.desk.current.isMember(node) else {
      return nil
    }
    return node
  }

  /// Who was removed may not have heard of it: the desk tells it that, and nothing else.
  private func turnAway(_ seat: Seat, _ request: Request, _ body: any RequestBody) async -> Response {
    guard let client = request.client, let node = NodeID(client.identity),
      seat.desk.current.directory.membership(of: node) != nil,
      let bytes = await body.collect(atMost: Self.strangersByteLimit), let message = FleetMessage(bytes: bytes)
    else { return .nothing }
    return .octets(await seat.desk.answer(message, from: node).bytes)
  }

  private func answer(
    _ route: FleetRoute, to member: NodeID, _ seat: Seat, _ request: Request, _ body: any RequestBody
  ) async throws(RegistryError) -> Response {
    switch route {
    case .join: .nothing
    case .message: await hear(member, seat, body)
    case .holding(let digest, let repository): try await holding(digest, repository)
    case .blob(let digest, let repository): try await blob(digest, repository, request)
    case .swarm(let digest, let repository):
      if let wait = swarms.secondsUntilTurn(of: member) {
        .tooSoon(wait)
      } else {
        try await swarm(digest, repository, request, from: member)
      }
    case .manifest(let digest, let repository): try await manifest(digest, repository)
    case .lacking(let digest, let repository): try await lacking(digest, repository, seat)
    case .keep(let digest, let repository):
      if let wait = keeps.secondsUntilTurn(of: member) {
        .tooSoon(wait)
      } else {
        try await keep(digest, repository, seat)
      }
    case .fetch(let digest, let repository):
      if let wait = swarms.secondsUntilTurn(of: member) {
        .tooSoon(wait)
      } else {
        try await fetch(digest, repository, request, for: member, seat)
      }
    case .kept:
      if let wait = kepts.secondsUntilTurn(of: member) { .tooSoon(wait) } else { try await kept(seat, body) }
    case .leave: try await remove(member, seat, body)
    case .certificate: await certificate(for: member, seat)
    case .keyWish: await seat.papers.keyWish(of: member).map { .octets($0) } ?? .nothing
    case .key: try await takeKey(from: member, seat, body)
    }
  }

  /// What went wrong is this node's to log; the member learns as much as it needs to ask another.
  private func refuse(_ error: RegistryError, _ request: Request) -> Response {
    switch error.code {
    case .blobUnknown, .manifestUnknown, .nameUnknown: return .nothing
    case .unavailable, .tooManyRequests: return Response(status: 503)
    default:
      log.error(
        "a member's question failed", LogField("path", request.path), LogField("error", error.description))
      return Response(status: 500)
    }
  }

  // MARK: - Messages

  private func hear(_ member: NodeID, _ seat: Seat, _ body: any RequestBody) async -> Response {
    guard let bytes = await body.collect(atMost: FleetLimits.messageBytes) else { return Response(status: 413) }
    guard let (message, passedOver) = FleetMessage.read(bytes) else { return Response(status: 400) }
    if passedOver > 0 { seat.desk.notePassedOver(passedOver, from: member) }
    return .octets(await seat.desk.answer(message, from: member).bytes)
  }

  private func join(_ seat: Seat, _ request: Request, _ body: any RequestBody) async -> Response {
    // A node that was removed lets nobody in, whatever key it has.
    guard let door = seat.door, seat.desk.current.isThisNodeMember, case .network(let address, let port) = request.peer,
      let bytes = await body.collect(atMost: JoinRequest.byteLimit)
    else { return .nothing }
    let answer = await door.answer(
      bytes, from: PeerEndpoint(address: address, port: port), binding: seat.desk.keys.node.bytes)
    return .octets(answer.bytes)
  }

  private func certificate(for member: NodeID, _ seat: Seat) async -> Response {
    if let wait = certificates.secondsUntilTurn(of: member) { return .tooSoon(wait) }
    return await seat.papers.certificate(for: member).map { .octets($0.der) } ?? .nothing
  }

  private func takeKey(
    from issuer: NodeID, _ seat: Seat, _ body: any RequestBody
  ) async throws(RegistryError) -> Response {
    guard let parcel = await body.collect(atMost: KeyParcel.byteLimit) else { return Response(status: 413) }
    return try await seat.papers.takeKey(parcel, from: issuer) ? .octets([]) : .nothing
  }

  // MARK: - Bytes

  private func holding(_ digest: Digest, _ repository: RepositoryName) async throws(RegistryError) -> Response {
    guard try await registry.blobs.openHere(digest, in: repository) != nil,
      let ticket = try await registry.tickets.ticket(for: digest, within: Self.ticketPatience)
    else { return .nothing }
    return .octets(ticket.bytes)
  }

  private func swarm(
    _ digest: Digest, _ repository: RepositoryName, _ request: Request, from member: NodeID
  ) async throws(RegistryError) -> Response {
    guard let place = try await registry.reception?.admit(member, to: digest, in: repository) else { return .nothing }
    return .octets(answer(place, request).bytes)
  }

  /// For members of this node's site: for others it would cross the line twice.
  private func fetch(
    _ digest: Digest, _ repository: RepositoryName, _ request: Request, for member: NodeID, _ seat: Seat
  ) async throws(RegistryError) -> Response {
    guard !seat.isLeaving(), !seat.desk.current.isAtOtherSite(member),
      let (place, received) = try await registry.fetch(digest, in: repository, for: member)
    else { return .nothing }
    return .octets(answer(place, request, receivedBytes: received).bytes)
  }

  /// With the ticket where the asker has not said that it has the same.
  private func answer(
    _ place: SwarmReception.Place, _ request: Request, receivedBytes: Int64? = nil
  ) -> SwarmAnswer {
    let isKnown = request.fields[SwarmAnswer.knownTorrent] == SwarmAnswer.name(of: place.ticket)
    return SwarmAnswer(
      isWhole: place.isWhole, ticket: isKnown ? nil : place.ticket, others: place.others, receivedBytes: receivedBytes)
  }

  private func blob(
    _ digest: Digest, _ repository: RepositoryName, _ request: Request
  ) async throws(RegistryError) -> Response {
    guard let reader = try await registry.blobs.openHere(digest, in: repository) else { return .nothing }
    switch ByteRange(request.fields["Range"], size: reader.size) {
    case .whole: return Response(status: 200, body: reader.content(of: 0..<reader.size))
    case .part(let range):
      let place = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(reader.size)"
      return Response(status: 206, fields: Fields([("Content-Range", place)]), body: reader.content(of: range))
    case .unsatisfiable: return Response(status: 416)
    }
  }

  private func manifest(_ digest: Digest, _ repository: RepositoryName) async throws(RegistryError) -> Response {
    let manifest = try await registry.manifests.resolveHere(.digest(digest), in: repository)
    guard let bytes = try await registry.manifests.bytesHere(of: manifest) else { return .nothing }
    return .octets(bytes)
  }
}

extension Response {
  /// The same for what is not here and for who may not know.
  static let nothing = Response(status: 404)

  /// RFC 6585 §4.
  static func tooSoon(_ seconds: Int64) -> Response {
    Response(status: 429, fields: Fields([("Retry-After", "\(seconds)")]))
  }

  static func octets(_ bytes: [UInt8]) -> Response {
    Response(
      status: 200, fields: Fields([("Content-Type", "application/octet-stream")]), body: .bytes(bytes))
  }
}

extension RequestBody {
  /// `nil`: too long, or it broke off.
  func collect(atMost limit: Int) async -> [UInt8]? {
    if let length, length > Int64(limit) { return nil }
    var bytes: [UInt8] = []
    do throws(BodyError) {
      while let piece = try await next() {
        guard bytes.count + piece.count <= limit else { return nil }
        bytes += piece
      }
    } catch {
      return nil
    }
    return bytes
  }
}
