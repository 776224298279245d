import BlockingWork
import FleetCore
import RegistryCore
import Telemetry

/// Sees to it that as many members keep each image as the fleet's policy says.
///
/// Who is among the keepers of an image that was named just now works that out alone, as all others do, and begins. From
/// then on the keepers look after it: the one that ranks highest asks others when there are too few (`KeepJudgement`).
/// What this node is bound to keep is remembered in the catalogue; all else it may forget. One task looks, two others fetch
/// (`KeeperDesk+Filling`). Nothing of it happens on a node that is alone.
public final class KeeperDesk: Sendable {
  /// What the task alone knows.
  struct Progress {
    var absences = Absences()
    /// Members that were asked and said nothing, and until when they are not asked again.
    var spared: [NodeID: Int64] = [:]
    /// The last image that was looked at as a new one.
    var walkedTo: Int64 = 0
    /// Where a walk over all is; `nil`: none is under way.
    var cursor: Int64?
    var sweepAt: Int64
    var later: LaterLooks<ImageName>
    /// What gives rise to a walk over all when it changes.
    var members: Set<NodeID> = []
    var gone: Set<NodeID> = []
    var replicas: [PolicyRules.Replicas] = []
  }

  private struct State {
    var isNoticed = true
    /// Images that others asked for while they were put off.
    var hurried: [Filling.Kind: Set<ImageName>] = [:]
    var tasks: [Task<Void, Never>] = []
    var alarm: Task<Void, Never>?
    var totals = KeptTotals()
  }

  static let firstLook: Int64 = 2_000
  static let longestPause: Int64 = 300_000
  private static let dueAtOnce = 64
  /// What is named within so long is looked at together; also so that not all keepers ask at the same moment.
  private static let gathering = 20...150
  /// Between two pages of a walk.
  private static let pageRest = Duration.milliseconds(20)

  let ports: KeeperPorts
  let rules: KeeperRules
  let pace: Lock<RepairPace>
  private let firstCopies = Wakes()
  private let repairs = Wakes()
  private let looks = Wakes()
  private let state = Lock(State())

  public init(_ ports: KeeperPorts, _ rules: KeeperRules = KeeperRules()) {
    (self.ports, self.rules) = (ports, rules)
    pace = Lock(RepairPace(bytesPerSecond: rules.repairBytesPerSecond))
  }

  public func open() {
    state.withLock { state in
      guard state.tasks.isEmpty else { return }
      // Unstructured: they live as long as the node is a member; `close` ends them.
      state.tasks = [
        Task { await self.work() }, Task { await self.fill(.firstCopies) }, Task { await self.fill(.repairs) },
      ]
    }
    looks.wake()
    wakeFilling()
  }

  /// What is being fetched goes on without it, and ends with the node's fetches. Safe twice.
  public func close() async {
    for wakes in [looks, firstCopies, repairs] { wakes.end() }
    let (tasks, alarm) = state.withLock { ($0.tasks, $0.alarm) }
    alarm?.cancel()
    for task in tasks { task.cancel() }
    await tasks.first?.value
  }

  /// Names may stand for something else now. Any thread; does not block.
  public func notice() {
    state.withLock { $0.isNoticed = true }
    looks.wake()
  }

  /// As they were a moment ago. Any thread; does not block.
  public var totals: KeptTotals { state.withLock { $0.totals } }

  func wakes(of kind: Filling.Kind) -> Wakes {
    switch kind {
    case .firstCopies: firstCopies
    case .repairs: repairs
    }
  }

  func wakeFilling() {
    firstCopies.wake()
    repairs.wake()
  }

  /// Fetches it now, although it failed a short while ago.
  func hurryFilling(_ name: ImageName) {
    state.withLock { state in
      for kind in Filling.Kind.allCases where state.hurried[kind, default: []].count < rules.laterLooks {
        state.hurried[kind, default: []].insert(name)
      }
    }
    wakeFilling()
  }

  func takeHurried(_ kind: Filling.Kind) -> Set<ImageName> {
    state.withLock { $0.hurried.removeValue(forKey: kind) ?? [] }
  }

  // MARK: - Passes

  private func work() async {
    var progress = beginning()
    for await _ in looks.stream {
      // Cancelled: the loop ends.
      try? await Task.sleep(for: .milliseconds(Int.random(in: Self.gathering)))
      do throws(RegistryError) {
        while try await pass(&progress), !Task.isCancelled { try? await Task.sleep(for: Self.pageRest) }
        let totals = try await ports.images.keptTotals()
        state.withLock { $0.totals = totals }
      } catch {
        if Task.isCancelled { return }
        ports.log.warning(
          "whether enough members keep each image could not be looked after; it is tried again",
          LogField("error", error.description))
      }
      if Task.isCancelled { return }
      wakeFilling()
      wakeAgain()
    }
  }

  /// Of a desk that has just been opened.
  func beginning() -> Progress {
    let longest = max(Self.firstLook, min(Self.longestPause, rules.sweepInterval))
    return Progress(
      sweepAt: ports.monotonic() + Int64.random(in: 0...max(1, rules.sweepSpread)),
      later: LaterLooks(first: Self.firstLook, longest: longest, limit: rules.laterLooks))
  }

  private func wakeAgain() {
    state.withLock { state in
      state.alarm?.cancel()
      // Unstructured: a timer, of which there is one.
      state.alarm = Task {
        do { try await Task.sleep(for: .milliseconds(rules.tick)) } catch { return }
        self.looks.wake()
      }
    }
  }

  /// - Returns: whether a walk over all has more to look at.
  func pass(_ progress: inout Progress) async throws(RegistryError) -> Bool {
    guard let circle = ports.circle() else {
      progress.absences.forget()
      return false
    }
    see(circle, &progress)
    try await walkNew(circle, &progress)
    try await lookAgain(circle, &progress)
    return try await sweep(circle, &progress)
  }

  private func see(_ circle: KeeperCircle, _ progress: inout Progress) {
    let now = ports.monotonic()
    if circle.isDeaf { progress.absences.forget() } else { progress.absences.see(circle.doubted, at: now) }
    let gone = progress.absences.gone(after: rules.patience, at: now)
    let members = Set(circle.members.keys)
    progress.absences.keep(members)
    progress.spared = progress.spared.filter { members.contains($0.key) }
    guard gone != progress.gone || members != progress.members || circle.rules.replicas != progress.replicas else {
      return
    }
    (progress.gone, progress.members, progress.replicas) = (gone, members, circle.rules.replicas)
    progress.sweepAt = min(progress.sweepAt, now + Int64.random(in: 0...max(1, rules.sweepSpread)))
  }

  // MARK: - What is new

  private func takeNotice() -> Bool {
    state.withLock { state in
      defer { state.isNoticed = false }
      return state.isNoticed
    }
  }

  private func walkNew(_ circle: KeeperCircle, _ progress: inout Progress) async throws(RegistryError) {
    guard takeNotice() else { return }
    do throws(RegistryError) {
      var position = try await beginningOfNew(progress)
      while !Task.isCancelled {
        let page = try await ports.images.images(after: position, limit: rules.pageImages)
        guard let last = page.last else { return }
        let now = ports.clock.millisecondsSince1970
        let fresh = page.filter {
          $0.keeping == nil && now - $0.clock.milliseconds < rules.freshMilliseconds
        }
        if !fresh.isEmpty { try await consider(fresh, circle, &progress) }
        position = last.position
        progress.walkedTo = position
      }
    } catch {
      state.withLock { $0.isNoticed = true }
      throw error
    }
  }

  /// When the last ones went, those that come after them get their positions again.
  private func beginningOfNew(_ progress: Progress) async throws(RegistryError) -> Int64 {
    var (position, step) = (max(0, progress.walkedTo - rules.overlap), rules.overlap)
    while position > 0, try await ports.images.images(after: position, limit: 1).isEmpty {
      (position, step) = (max(0, position - step), step * 2)
    }
    return position
  }

  private func consider(
    _ images: [PresentImage], _ circle: KeeperCircle, _ progress: inout Progress
  ) async throws(RegistryError) {
    let now = ports.monotonic()
    let standings = circle.standings(progress.absences, at: now)
    for name in images.map(\.name) {
      let replicas = circle.replicas(of: name.repository)
      let writer = try await ports.claims.claimant(of: name.digest, in: name.repository)
      let subject = KeepCase(node: circle.node, digest: name.digest, replicas: replicas, writer: writer)
      guard subject.isNewKeeper(among: standings, patience: rules.patience) else { continue }
      try await keep(name)
      if replicas > 1 { progress.later.note(name, at: now) }
    }
  }

  /// Keeps an image from now on, and sees to it that it gets here.
  func keep(_ name: ImageName) async throws(RegistryError) {
    guard let isWhole = try await isWhole(name), try await ports.images.keep(name, isWhole: isWhole) else { return }
    if !isWhole { wakeFilling() }
  }

  /// `nil`: it is present no more.
  func isWhole(_ name: ImageName) async throws(RegistryError) -> Bool? {
    do throws(RegistryError) { return try await ports.hands.lacking(of: name).isEmpty } catch {
      guard error.code == .manifestUnknown else { throw error }
      return nil
    }
  }

  // MARK: - What is looked after

  private func lookAgain(_ circle: KeeperCircle, _ progress: inout Progress) async throws(RegistryError) {
    var images: [PresentImage] = []
    for name in progress.later.due(at: ports.monotonic(), limit: Self.dueAtOnce) {
      if let image = try await ports.images.image(name), image.keeping != nil {
        images.append(image)
      } else {
        progress.later.settle(name)
      }
    }
    if !images.isEmpty { try await look(at: images, circle, &progress) }
  }

  private func sweep(_ circle: KeeperCircle, _ progress: inout Progress) async throws(RegistryError) -> Bool {
    let now = ports.monotonic()
    if progress.cursor == nil, now >= progress.sweepAt {
      (progress.cursor, progress.sweepAt) = (0, now + rules.sweepInterval)
    }
    guard let cursor = progress.cursor else { return false }
    let page = try await ports.images.images(after: cursor, limit: rules.pageImages)
    progress.cursor = page.last?.position
    guard !page.isEmpty else { return false }
    try await look(at: page, circle, &progress)
    return true
  }

  private func look(
    at images: [PresentImage], _ circle: KeeperCircle, _ progress: inout Progress
  ) async throws(RegistryError) {
    var looks: [Look] = []
    for image in images {
      if let look = try await look(at: image, circle) { looks.append(look) } else { progress.later.settle(image.name) }
    }
    let begun = ports.monotonic()
    let heard = await ask(
      looks.map { ($0.image.name, $0.subject) }, circle, circle.standings(progress.absences, at: begun),
      sparing: Set(progress.spared.filter { $0.value > begun }.keys))
    let ended = ports.monotonic()
    progress.absences.hear(silent: heard.silent, others: heard.others, at: ended)
    for member in heard.others { progress.spared[member] = nil }
    for member in heard.silent { progress.spared[member] = ended + rules.silencePause }
    let standings = circle.standings(progress.absences, at: ended)
    for (look, words) in zip(looks, heard.words) {
      let round = progress.later.round(of: look.image.name)
      let judgement = KeepJudgement(look.subject, words, among: standings, patience: rules.patience, round: round)
      try await act(on: look, judgement)
      let now = ports.monotonic()
      switch judgement.deed {
      case .keep: progress.later.note(look.image.name, at: now)
      case .letGo: progress.later.settle(look.image.name)
      case .nothing where judgement.isSettled || look.image.keeping == nil: progress.later.settle(look.image.name)
      case .nothing: progress.later.putOff(look.image.name, at: now)
      }
    }
  }

  private struct Look {
    let image: PresentImage
    let subject: KeepCase
  }

  /// `nil`: there is nothing to ask anybody about it.
  private func look(at image: PresentImage, _ circle: KeeperCircle) async throws(RegistryError) -> Look? {
    let name = image.name
    guard let isWhole = try await isWhole(name) else { return nil }
    if let keeping = image.keeping, keeping.isWhole, !isWhole {
      // Its bytes rotted.
      try await ports.images.note(Keeping(isWhole: false, others: keeping.others), of: name)
      wakeFilling()
    }
    let replicas = circle.replicas(of: name.repository)
    if let keeping = image.keeping, keeping.others.isEmpty, replicas == 1 { return nil }
    guard image.keeping != nil || isWhole else { return nil }
    return Look(
      image: image,
      subject: KeepCase(
        node: circle.node, digest: name.digest, replicas: replicas, isKept: image.keeping != nil, isWhole: isWhole,
        known: Set(image.keeping?.others ?? []),
        writer: try await ports.claims.claimant(of: name.digest, in: name.repository)))
  }

  private func act(on look: Look, _ judgement: KeepJudgement) async throws(RegistryError) {
    let name = look.image.name
    switch judgement.deed {
    case .keep: _ = try await ports.images.keep(name, isWhole: true)
    case .letGo:
      try await ports.images.letGo(name)
      ports.log.debug("enough others keep an image", LogField("image", name.description))
    case .nothing:
      if let keeping = look.image.keeping, judgement.known != Set(keeping.others) {
        try await ports.images.note(Keeping(isWhole: look.subject.isWhole, others: judgement.known), of: name)
        if !look.subject.isWhole { wakeFilling() }
      }
    }
    for member in judgement.told { await tell(member, name) }
  }

  func tell(_ member: NodeID, _ name: ImageName) async {
    ports.meter.told.add()
    ports.log.info(
      "too few members keep an image: another is asked to", LogField("image", name.description),
      LogField("member", member.description))
    await ports.peers.keep(name, on: member)
  }

  // MARK: - Asking

  struct Heard {
    /// Of each image.
    var words: [KeepWords]
    var silent: Set<NodeID> = []
    /// They answered.
    var others: Set<NodeID> = []
  }

  /// What others say of each of these. Who is not known to answer is not asked.
  /// - Parameters:
  ///   - spared: nor are these.
  ///   - patience: for all of them together; `nil`: as long as each of them may take.
  ///   - isEnough: the rest need not answer any more.
  func ask(
    _ cases: [(name: ImageName, subject: KeepCase)], _ circle: KeeperCircle, _ standings: [NodeID: KeeperPlan.Standing],
    sparing spared: Set<NodeID> = [], within patience: Duration? = nil,
    until isEnough: ([KeepWords]) -> Bool = { _ in false }
  ) async -> Heard {
    var asked: [NodeID: [Int]] = [:]
    for (place, each) in cases.enumerated() {
      for member in each.subject.asked(of: standings, patience: rules.patience)
      where !circle.doubted.contains(member) && !spared.contains(member) {
        asked[member, default: []].append(place)
      }
    }
    var heard = Heard(words: [KeepWords](repeating: KeepWords(), count: cases.count))
    var (left, unheard) = (Array(asked)[...], Set(asked.keys))
    let (words, told) = AsyncStream<(NodeID, KeptAnswer)?>.makeStream()
    func next() {
      guard let (member, places) = left.popFirst() else { return }
      let names = places.map { cases[$0].name }
      // Unstructured: it has a deadline of its own, and to break it off would cost a connection.
      Task { [ports] in told.yield((member, await ports.peers.kept(names, by: member))) }
    }
    for _ in 0..<rules.questions { next() }
    // Unstructured: a timer, that nobody hears after the answers.
    let timer = patience.map { patience in Task { if await Self.rest(patience) { told.yield(nil) } } }
    if unheard.isEmpty { told.finish() }
    for await word in words {
      guard let (member, answer) = word else {
        heard.silent.formUnion(unheard.subtracting(left.map(\.key)))
        break
      }
      unheard.remove(member)
      for (number, place) in asked[member, default: []].enumerated() {
        heard.words[place].hear(answer, number, from: member)
      }
      if answer == .silent { heard.silent.insert(member) } else { heard.others.insert(member) }
      if unheard.isEmpty || isEnough(heard.words) { break }
      next()
    }
    timer?.cancel()
    told.finish()
    return heard
  }

  /// `false`: cancelled.
  private static func rest(_ duration: Duration) async -> Bool {
    do { try await Task.sleep(for: duration) } catch { return false }
    return true
  }
}

/// What one task waits for: however often it is woken meanwhile, it runs once more.
struct Wakes: Sendable {
  let stream: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func wake() { continuation.yield() }

  func end() { continuation.finish() }
}

extension KeepWords {
  fileprivate mutating func hear(_ answer: KeptAnswer, _ number: Int, from member: NodeID) {
    switch answer {
    case .silent, .busy: break
    case .unable: unable.insert(member)
    case .kept(let flags):
      guard flags.indices.contains(number) else { return }
      if flags[number] { confirming.insert(member) } else { denying.insert(member) }
    }
  }
}
