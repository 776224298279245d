import FleetCore
import FleetHTTP
import FleetService
import RegistryCore
import RegistryHTTP
import RegistryService

/// A member on its way out of its fleet: others take in what it alone keeps, an issuer puts it out, and it is alone.
///
/// Meanwhile it writes no names. Let go before it has ended, the node stays a member and writes again.
actor Departure: FleetDeparture {
  struct Image: Hashable {
    let repository: RepositoryName
    let digest: Digest

    var text: String { "\(repository)@\(digest)" }
  }

  private enum Step {
    case survey
    case handOver([Image])
    case signOff(lost: [Image])
    case over
  }

  private let fleet: NodeFleet
  private let seat: NodeFleet.Seat
  private let registry: Registry
  private let isForced: Bool
  private var step = Step.survey
  /// Images that were looked at.
  private var seen: Set<Image> = []
  /// Looks for an issuer that this departure makes before it gives up, where it may.
  private var issuerLooks = 0

  private static let pause = Duration.milliseconds(500)
  /// Images that members are asked about together.
  private static let pageImages = 128
  /// Members that are asked, and images that are given away, at the same time.
  private static let (questions, width) = (16, 4)
  private static let forcedIssuerLooks = 3

  init(_ fleet: NodeFleet, _ seat: NodeFleet.Seat, _ registry: Registry, isForced: Bool) {
    (self.fleet, self.seat, self.registry, self.isForced) = (fleet, seat, registry, isForced)
    fleet.noteDeparture(true)
  }

  deinit { fleet.noteDeparture(false) }

  func next() async throws(RegistryError) -> DepartureDocument? {
    switch step {
    case .survey:
      guard !seat.isStranger, !others.isEmpty else { return try await part(lost: [], wasRemoved: true) }
      return await handOver(try await unseenImages())
    case .handOver(let images):
      await rest()
      return await handOver(images)
    case .signOff(let lost): return try await signOff(lost)
    case .over: return nil
    }
  }

  private var view: FleetView { seat.desk.current }

  private var others: [NodeID] { view.directory.members.filter { $0 != view.node } }

  private func rest() async {
    // Cancelled: the next step says what is the case.
    try? await Task.sleep(for: Self.pause)
  }

  // MARK: - Handing over

  /// What is here and was not looked at before: a push that was under way when this began may come a moment later.
  private func unseenImages() async throws(RegistryError) -> [Image] {
    var holding: [RepositoryName: Bool] = [:]
    var images: [Image] = []
    for manifest in try await fleet.everyManifest() {
      let image = Image(repository: manifest.repository, digest: manifest.summary.digest)
      guard seen.insert(image).inserted else { continue }
      if holding[image.repository] == nil {
        holding[image.repository] = try await fleet.catalogue.holdsBlobs(of: image.repository)
      }
      // In a larger fleet its bytes may be elsewhere, and layers of it here.
      if manifest.isHere || holding[image.repository] == true { images.append(image) }
    }
    return images
  }

  /// One look at all that nobody else was seen to keep.
  private func handOver(_ images: [Image]) async -> DepartureDocument {
    let members = others.filter { view.state(of: $0) == .alive }
    var (alone, rest) = ([Image](), images[...])
    while !rest.isEmpty {
      let page = Array(rest.prefix(Self.pageImages))
      rest = rest.dropFirst(Self.pageImages)
      let words = await words(of: members, about: page)
      let unkept = page.enumerated().filter { place, _ in
        !words.values.contains { $0.flag(place) == true }
      }
      alone += await giveAway(unkept.map(\.element), words.filter { $0.value == .unable }.map(\.key), members)
    }
    guard !alone.isEmpty, !isForced else {
      step = .signOff(lost: alone)
      return document(.signingOff, alone, "an issuer puts this node out")
    }
    step = .handOver(alone)
    let waits =
      members.isEmpty
      ? "no other member answers: images that this node alone keeps go nowhere"
      : "others take in \(alone.count) images that this node alone keeps"
    return document(.handingOver, alone, waits)
  }

  /// Whether members keep each of these, which is one question to each of them.
  private func words(of members: [NodeID], about page: [Image]) async -> [NodeID: KeptAnswer] {
    let (channel, names) = (seat.channel, page.map { ImageName($0.digest, in: $0.repository) })
    let answers = await map(members, atOnce: Self.questions) { await channel.kept(names, by: $0) }
    return Dictionary(uniqueKeysWithValues: zip(members, answers))
  }

  /// - Parameter old: members of an earlier release.
  /// - Returns: those that nobody else was seen to have.
  private func giveAway(_ images: [Image], _ old: [NodeID], _ members: [NodeID]) async -> [Image] {
    let areElsewhere = await map(images, atOnce: Self.width) { await self.isElsewhere($0, old, members) }
    return zip(images, areElsewhere).filter { !$1 }.map(\.0)
  }

  /// Asks for it to be kept where it is not. What it needs is not known while nobody shows its manifest: then it may be
  /// this node that keeps it.
  private func isElsewhere(_ image: Image, _ old: [NodeID], _ members: [NodeID]) async -> Bool {
    let missing: Set<Digest>
    do throws(RegistryError) {
      guard try await registry.bring(image.digest, in: image.repository) else { return false }
      missing = Set(try await registry.lacking(of: image.digest, in: image.repository))
    } catch {
      // Deleted meanwhile, by another member.
      return error.code == .manifestUnknown
    }
    let channel = seat.channel
    var nearest: (member: NodeID, count: Int)?
    for member in members {
      guard let lacking = await channel.lacking(of: image.digest, in: image.repository, on: member) else { continue }
      let count = lacking.subtracting(missing).count
      // One of an earlier release does not know what keeping is, and nobody keeps whole what this node lacks a part of.
      if count == 0, old.contains(member) || !missing.isEmpty { return true }
      if count < nearest?.count ?? .max { nearest = (member, count) }
    }
    if let nearest { await channel.keep(image.digest, in: image.repository, on: nearest.member) }
    return false
  }

  // MARK: - Signing off

  private func signOff(_ lost: [Image]) async throws(RegistryError) -> DepartureDocument? {
    let late = try await unseenImages()
    if !late.isEmpty { return await handOver(lost + late) }
    let heads = try await fleet.ownHeads()
    for issuer in view.directory.issuers where issuer != view.node {
      guard let record = await seat.channel.removal(by: issuer, having: heads) else { continue }
      guard view.isRemoval(record, fleet.keys) else { continue }
      return try await part(lost: lost, wasRemoved: true)
    }
    // Put out meanwhile, by an issuer whose answer was lost.
    if await isOut() { return try await part(lost: lost, wasRemoved: true) }
    issuerLooks += 1
    if isForced, issuerLooks >= Self.forcedIssuerLooks { return try await part(lost: lost, wasRemoved: false) }
    await rest()
    let names = view.directory.issuers.filter { $0 != view.node }.map { view.title(of: $0) }.sorted()
    return document(
      .signingOff, lost, "\(names.joined(separator: " or ")) must hear all that this node said, and put it out")
  }

  /// The connection is cut with the membership, at times before the answer has come: whoever is out is told so.
  private func isOut() async -> Bool {
    if seat.isStranger { return true }
    for issuer in view.directory.issuers where issuer != view.node {
      let addresses = view.cards[issuer]?.draft.addresses ?? []
      guard case .push(let gossip)? = await seat.channel.ask(issuer, at: addresses, .ownHeads) else { continue }
      if gossip.news.records.contains(where: { view.isRemoval($0, fleet.keys) }) { return true }
    }
    return false
  }

  private func part(lost: [Image], wasRemoved: Bool) async throws(RegistryError) -> DepartureDocument {
    step = .over
    try await fleet.part()
    return document(.left, lost, nil, wasRemoved: wasRemoved)
  }

  private func document(
    _ phase: DepartureDocument.Phase, _ alone: [Image], _ waitsFor: String?, wasRemoved: Bool = false
  ) -> DepartureDocument {
    DepartureDocument(
      phase: phase, fleet: view.fleet.description, alone: alone.map(\.text).sorted(), waitsFor: waitsFor,
      wasRemoved: wasRemoved)
  }
}

/// In the order of the elements, some of them at a time.
private func map<Element: Sendable, Value: Sendable>(
  _ elements: [Element], atOnce width: Int, _ transform: @escaping @Sendable (Element) async -> Value
) async -> [Value] {
  var values: [Int: Value] = [:]
  var left = elements.enumerated().map { $0 }[...]
  await withTaskGroup(of: (Int, Value).self) { group in
    func next() {
      guard let (place, element) = left.popFirst() else { return }
      group.addTask { (place, await transform(element)) }
    }
    for _ in 0..<width { next() }
    while let (place, value) = await group.next() {
      values[place] = value
      next()
    }
  }
  return elements.indices.compactMap { values[$0] }
}

extension KeptAnswer {
  /// What was said of one of those that were asked about.
  fileprivate func flag(_ place: Int) -> Bool? {
    guard case .kept(let flags) = self, flags.indices.contains(place) else { return nil }
    return flags[place]
  }
}
