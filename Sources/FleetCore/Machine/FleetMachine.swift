import RegistryCore

/// What one member does for what all members know: it tells what is new, compares, fetches what it lacks, notices who is
/// away, whose clock is wrong, and who used a number twice.
///
/// It does nothing itself. An input changes it and makes effects; whoever runs it does them and hands their results in as
/// inputs. So the same machine runs in a node and in a simulation of thousands. For one thread at a time; an input may
/// check signatures, and so take milliseconds.
///
/// Guaranteed to whoever runs it: no input makes it trap, whatever is in a message; every table in it is bounded by
/// `FleetLimits` or by the directory; each question is over within `FleetLimits.askMilliseconds`.
public struct FleetMachine<Notary: FleetNotary & NodeSigner>: Sendable {
  public let node: NodeID
  public internal(set) var directory: Directory
  public internal(set) var cards: CardBook
  /// Under which name this node writes.
  public internal(set) var writer: WriterID
  public internal(set) var gate = WriteGate.settling
  /// What the ledger was told to add to the wall clock, in milliseconds, before it judges what is due.
  public private(set) var clockCorrection: Int64 = 0
  /// When the last exchange began that left nothing open, on the monotonic clock: what this node knows is not older.
  public internal(set) var freshAt: Int64?
  /// What members told of themselves: what they hold, how far they are behind. Of those who have not told, nothing.
  public internal(set) var bulletins: [NodeID: Bulletin.Told] = [:]
  /// Who answers and who does not.
  public internal(set) var detector = FailureDetector()

  let notary: Notary
  var chance: SplitMix64
  var now = Moment(monotonic: 0, wall: 0)
  var effects: [FleetEffect] = []

  var heads = Heads()
  var forgetting = ForgettingRound()
  /// How often this node has shortened its log since it started.
  var shortenings: Int64 = 0
  /// Where a log will end when the ledger has taken in what was handed to it.
  var coming: [WriterID: ClaimHead] = [:]
  var rules = NameRules()
  var rumours = Rumours()
  var pulls = Pulls()
  var hunts: [WriterID: ForkHunt] = [:]

  /// What this node says of itself.
  var bulletin = Bulletin()
  var offsets = ClockOffsets()
  var shunned: [NodeID: Int64] = [:]

  var asks = Asks()
  var stores: [FleetToken: Store] = [:]
  var lastToken: UInt64 = 0
  var waitingReplies = 0

  var nextExchange: Int64 = 0
  var nextRefresh: Int64 = 0
  var settling: EpochQuestion?
  var isBeginningEpoch = false
  var aheadSearch: AheadSearch?
  /// What this node says of itself, whatever a copy of its data folder says in its name.
  var introduction: MemberCard.Draft?
  /// Whether the card that stands of this node may say something else.
  var mayBeMisquoted = false
  var nextIntroduction: Int64 = .min
  /// Of this moment.
  var clock: ClockReading?
  /// Whether this node could tell when it was asked last.
  var knewTheTime = false
  var announcedWake: Int64?

  /// - Parameter directory, cards: as they were kept; this node is in them, with its card of today.
  /// - Parameter seed: another one for each node and start.
  public init(node: NodeID, directory: Directory, cards: CardBook, notary: Notary, seed: UInt64) {
    (self.node, self.directory, self.cards, self.notary) = (node, directory, cards, notary)
    writer = WriterID(node: node, epoch: 1)
    chance = SplitMix64(seed: seed)
    introduction = cards[node]?.draft
  }

  /// - Parameter effects: what is to be done is appended.
  public mutating func handle(_ input: FleetInput, at now: Moment, into effects: inout [FleetEffect]) {
    swap(&self.effects, &effects)
    self.now = now
    take(input)
    runTimers()
    standByIntroduction()
    tellRumours()
    readClocks()
    updateGate()
    watchOwnClock()
    announceWake()
    swap(&self.effects, &effects)
  }

  private mutating func take(_ input: FleetInput) {
    switch input {
    case .started(let writer, let heads): start(as: writer, heads)
    case .woke: break
    case .refresh: refresh()
    case .asked(let peer, let token, let message): answer(peer, token, message)
    case .answered(let token, let message): takeAnswer(token, message)
    case .unanswered(let token): if let ask = asks.take(token) { wasUnanswered(ask) }
    case .wrote(let run): wrote(run)
    case .admitted(let token, let admissions): wereAdmitted(token, admissions)
    case .runs(let token, let runs): wereRead(token, runs)
    case .began(let writer): began(writer)
    case .shortened(let log):
      shortenings += 1
      forgetting.shortened(log)
    case .issued(let news): takeNews(news, cards: [], from: nil)
    case .introduced(let card): introduce(card)
    case .told(let bulletin): told(bulletin)
    }
  }

  private mutating func start(as writer: WriterID, _ heads: [WriterID: ClaimHead]) {
    self.writer = writer
    self.heads = Heads(heads)
    applyRules(isFirst: true)
    // It may be reached elsewhere than when it was last seen.
    if directory.isMember(node), let card = cards[node] { rumours.add(DirectoryNews(), cards: [card]) }
    nextExchange = now.monotonic + Int64(chance.below(Int(FleetLimits.exchangePeriodMilliseconds)))
    askForOwnHeads()
  }

  private mutating func runTimers() {
    for ask in asks.takeOverdue(now.monotonic) { wasUnanswered(ask) }
    if let deadline = settling?.deadline, deadline <= now.monotonic { settle() }
    if nextExchange <= now.monotonic { beginExchanges() }
  }

  private mutating func announceWake() {
    if let wake = announcedWake, wake <= now.monotonic { announcedWake = nil }
    let due = [asks.deadline, settling?.deadline, rumours.due, introductionDue, nextExchange]
    let next = due.compactMap { $0 }.min() ?? nextExchange
    // To be woken too early costs nothing: then it says anew when.
    if let announcedWake, announcedWake <= next { return }
    announcedWake = next
    effects.append(.wake(at: max(next, now.monotonic + 1)))
  }
}

// What all parts use.
extension FleetMachine {
  mutating func nextToken() -> FleetToken {
    lastToken += 1
    return FleetToken(rawValue: lastToken)
  }

  @discardableResult
  mutating func ask(_ peer: NodeID, _ message: FleetMessage, for purpose: Ask.Purpose) -> Bool {
    guard asks.count < FleetLimits.asks else { return false }
    let token = nextToken()
    asks.add(token, Ask(peer: peer, purpose: purpose, sent: now))
    effects.append(.ask(peer, token, message))
    return true
  }

  mutating func read(_ wants: [Want], byteLimit: Int = FleetLimits.runBytes, for store: Store) {
    let token = nextToken()
    stores[token] = store
    effects.append(.read(token, wants, byteLimit: byteLimit))
  }

  /// Members, in no order, that are neither this node nor in doubt.
  mutating func peers(_ count: Int, except left: NodeID? = nil) -> [NodeID] {
    let (node, detector, shunned) = (node, detector, shunned)
    return PeerChoice.pick(count, of: directory.members, chance: &chance) {
      $0 != node && $0 != left && detector.state(of: $0) == .alive && shunned[$0] == nil
    }
  }

  var memberNotary: MemberNotary<Notary> { MemberNotary(directory: directory, notary: notary) }

  /// Where a log ends here, with what is on its way into the ledger.
  func tip(of writer: WriterID) -> ClaimHead {
    coming[writer] ?? heads[writer] ?? memberNotary.root(of: writer, in: directory.fleet)
  }

  mutating func shun(_ peer: NodeID, for misdeed: FleetNotice.Misdeed) {
    effects.append(.noticed(.shunned(peer, misdeed)))
    guard shunned.count < FleetLimits.shunned || shunned[peer] != nil else { return }
    shunned[peer] = now.monotonic + FleetLimits.shunMilliseconds
  }

  /// A little more or less than before is not worth a transaction.
  private mutating func readClocks() {
    clock = offsets.reading(at: now)
    let agreed = clock.flatMap { $0.isOff && $0.isAgreed(among: directory.members.count - 1) ? $0.median : nil }
    let correction = agreed ?? 0
    guard correction != clockCorrection, correction == 0 || abs(correction - clockCorrection) > 1000 else { return }
    clockCorrection = correction
    effects.append(.correctClock(by: correction))
  }

  private mutating func updateGate() {
    let gate = currentGate
    guard gate != self.gate else { return }
    defer { self.gate = gate }
    // That a clock is off by a little more or less than before is no news.
    if case (.clockOff, .clockOff) = (gate, self.gate) { return }
    effects.append(.writing(gate))
  }

  private var currentGate: WriteGate {
    guard directory.isMember(node) else { return .stranger }
    guard settling == nil, !isBeginningEpoch else { return .settling }
    if let clock, clock.isOff { return .clockOff(milliseconds: clock.median) }
    return .open
  }
}

/// How much a machine holds, to be measured and compared with its bounds.
public struct FleetLoad: Hashable, Sendable {
  public let asks: Int
  public let stores: Int
  public let waitingReplies: Int
  public let pulls: Int
  public let hunts: Int
  public let shunned: Int
  public let writers: Int
}

extension FleetMachine {
  public var load: FleetLoad {
    FleetLoad(
      asks: asks.count, stores: stores.count, waitingReplies: waitingReplies, pulls: pulls.count, hunts: hunts.count,
      shunned: shunned.count, writers: heads.count)
  }

  /// Of how many logs something is known here.
  public var writers: Int { heads.count }

  /// Two members with one digest have the same claims, as far as they count.
  public var headsDigest: HeadsDigest { heads.digest }

  /// Which deletions nobody needs any more. Walks through all members.
  public var forgettable: Forgettable { forgetting.forgettable(among: directory.members, besides: node) }

  /// The members for whom this node waits before it forgets more deletions.
  public var awaited: [NodeID] { forgetting.awaited(of: directory.members, besides: node) }

  /// How long the fleet remembers what lost.
  public var retention: ClaimRetention { ClaimRetention(directory.policy.rules) }

  /// Of who is suspected or down, and of nobody else.
  public func state(of member: NodeID) -> MemberState { detector.state(of: member) }

  /// How far the members' clocks are ahead; `nil`: nobody was heard lately.
  public var clockOffset: Int64? { clock?.median }
}
