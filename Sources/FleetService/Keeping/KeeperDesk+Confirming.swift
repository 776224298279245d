import FleetCore
import RegistryCore

// What others ask this node, and what it asks them on behalf of a client.
extension KeeperDesk {
  /// Whether this node keeps each of these, and has all of it: for members that ask. It says so of what is here, and passes
  /// no question on.
  public func keeps(_ names: [ImageName]) async throws(RegistryError) -> [Bool] {
    var answers: [Bool] = []
    for name in names {
      let mayBeWhole = try await ports.images.image(name)?.keeping?.isWhole ?? false
      answers.append(mayBeWhole ? try await isWhole(name) ?? false : false)
    }
    return answers
  }

  /// A member asks for an image to be kept here.
  /// - Throws: `manifestUnknown` for what no claim names: a digest alone makes nobody fetch anything.
  public func accept(_ name: ImageName) async throws(RegistryError) {
    let isWhole = try await ports.hands.lacking(of: name).isEmpty
    guard try await ports.images.keep(name, isWhole: isWhole) else { return }
    if !isWhole { hurryFilling(name) }
  }

  /// Who keeps an image just now, and how many shall. `nil`: this node keeps nothing with anybody.
  public func keepers(of name: ImageName) async throws(RegistryError) -> (keepers: Set<NodeID>, replicas: Int)? {
    guard let circle = ports.circle(), let counted = try await count([name], circle, all: true).counted.first else {
      return nil
    }
    return (counted.keepers, counted.subject.replicas)
  }

  /// Waits until as many members keep each of these as shall.
  /// - Parameter patience: then it is over, and they are kept later.
  /// - Throws: `unavailable`, with how many keep what was pushed.
  public func confirm(_ names: [ImageName], within patience: Duration) async throws(RegistryError) {
    let deadline = ContinuousClock.now + patience
    var (left, pause, round) = (names, Self.firstPause, 0)
    let hadOthers = ports.circle() != nil
    if hadOthers { for name in names { try await keep(name) } }
    var silent: Set<NodeID> = []
    while let circle = ports.circle() {
      let tells = round.isMultiple(of: Self.roundsPerTelling)
      // They are asked again, now and then.
      if tells { silent = [] }
      let (counted, unheard) = try await count(left, circle, sparing: silent)
      silent.formUnion(unheard)
      let lacking = counted.filter { !$0.isEnough }
      guard let worst = lacking.first else { return }
      left = lacking.map(\.name)
      try await hurry(lacking, circle, silent, tells: tells)
      guard ContinuousClock.now + pause < deadline, !Task.isCancelled else {
        ports.meter.unconfirmed.add()
        throw .keptByTooFew(worst.keepers.count, of: worst.subject.replicas)
      }
      // Cancelled: it ends above.
      try? await Task.sleep(for: pause)
      (pause, round) = (min(pause * 2, Self.longestAckPause), round + 1)
    }
    // There never was another member.
    if !hadOthers { return }
    // Nobody else is asked any more, and what was pushed may go with this node.
    throw RegistryError(
      .unavailable,
      "this node is no longer in a fleet with others, and cannot say who else keeps what was pushed; push it again")
  }

  private static let firstPause = Duration.milliseconds(50)
  private static let longestAckPause = Duration.seconds(1)
  private static let roundsPerTelling = 4
  /// Whoever needs longer is not waited for by a client: another one is asked instead.
  private static let askPatience = Duration.seconds(2)

  private struct Counted {
    let name: ImageName
    let subject: KeepCase
    let words: KeepWords
    /// This node among them.
    let keepers: Set<NodeID>

    init(_ name: ImageName, _ subject: KeepCase, _ words: KeepWords) {
      (self.name, self.subject, self.words) = (name, subject, words)
      keepers = words.confirming.union(subject.isKept && subject.isWhole ? [subject.node] : [])
    }

    var isEnough: Bool { keepers.count >= subject.replicas }
  }

  /// Of those that are present, and who said nothing.
  /// - Parameters:
  ///   - silent: are not asked again.
  ///   - all: `false`: it is over as soon as enough keep each of them, whoever has not answered by then.
  private func count(
    _ names: [ImageName], _ circle: KeeperCircle, sparing silent: Set<NodeID> = [], all: Bool = false
  ) async throws(RegistryError) -> (counted: [Counted], silent: Set<NodeID>) {
    var heardNothing: Set<NodeID> = []
    var counted: [Counted] = []
    var rest = names[...]
    while !rest.isEmpty {
      let page = rest.prefix(rules.pageImages)
      rest = rest.dropFirst(page.count)
      var cases: [(name: ImageName, subject: KeepCase)] = []
      for name in page {
        guard let image = try await ports.images.image(name), let isWhole = try await isWhole(name) else { continue }
        let subject = KeepCase(
          node: circle.node, digest: name.digest, replicas: circle.replicas(of: name.repository),
          isKept: image.keeping != nil, isWhole: isWhole, known: Set(image.keeping?.others ?? []),
          writer: try await ports.claims.claimant(of: name.digest, in: name.repository))
        let alone = Counted(name, subject, KeepWords())
        if !all, alone.isEnough { counted.append(alone) } else { cases.append((name, subject)) }
      }
      let standings = circle.standings(nil, at: ports.monotonic())
      let heard = await ask(cases, circle, standings, sparing: silent, within: Self.askPatience) { words in
        !all && zip(cases, words).allSatisfy { Counted($0.name, $0.subject, $1).isEnough }
      }
      heardNothing.formUnion(heard.silent)
      counted += zip(cases, heard.words).map { Counted($0.name, $0.subject, $1) }
    }
    return (counted, heardNothing)
  }

  /// A client waits: this node keeps them, and asks others at once, whoever's duty it is.
  /// - Parameter silent: as good as gone.
  private func hurry(
    _ counted: [Counted], _ circle: KeeperCircle, _ silent: Set<NodeID>, tells: Bool
  ) async throws(RegistryError) {
    let now = ports.monotonic()
    var absences = Absences()
    absences.hear(silent: silent, others: [], at: now - rules.patience)
    let standings = circle.standings(absences, at: now)
    for each in counted {
      // The desk may have let go of it meanwhile.
      if !each.subject.isKept { try await keep(each.name) }
      guard tells else { continue }
      var subject = each.subject
      // Those that are known to keep it and do not answer are counted by nobody who waits.
      (subject.isKept, subject.isWhole, subject.known) = (true, true, each.words.confirming)
      let judgement = KeepJudgement(
        subject, each.words, among: standings, patience: rules.patience, round: circle.members.count)
      for member in judgement.told { await tell(member, each.name) }
    }
  }
}

extension RegistryError {
  fileprivate static func keptByTooFew(_ count: Int, of replicas: Int) -> RegistryError {
    RegistryError(
      .unavailable,
      "the push is durable on this node and its names are set, but only \(count) of \(replicas) nodes keep it so far "
        + "(push.ack: replicated): push again, which sends nothing twice, when the others answer; shoal fleet ls on this "
        + "node shows who does not")
  }
}
