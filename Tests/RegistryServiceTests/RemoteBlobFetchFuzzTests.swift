import RegistryCore
import Testing

@testable import RegistryService

/// Random lives of a fetch, each step judged by a plain model.
struct RemoteBlobFetchFuzzTests {
  @Test(arguments: 0..<400) func noOrderOfEventsBreaksALaw(_ run: Int) {
    // The first hundred are the same each time.
    let seed = run < 100 ? UInt64(run) : UInt64.random(in: 100 ... .max)
    var life = FetchLife(seed: seed)
    life.play()
    #expect(life.violations == [], "seed \(seed)")
  }
}

/// Feeds a fetch as its caller would, with chance for the order, and writes down what may not be.
private struct FetchLife {
  private typealias Fetch = RemoteBlobFetch

  private(set) var violations: [String] = []
  private var random: SeededNumbers
  private var fetch: Fetch
  private var now = ContinuousClock.now
  private let size: Int64
  private let pieceBytes: Int
  private let heldBack: Int64
  private var verified: Set<Int> = []
  private var asked: [UInt64: Range<Int64>] = [:]
  private var nextReader: UInt64 = 0
  private var sinkWork: Fetch.Step?
  private var isSealed = false
  private var ending: Fetch.Ending?
  private let sources: Set<Fetch.Source>
  /// Those that were to begin, and those that have.
  private var toBegin: Set<Fetch.Source> = []
  private var begun: Set<Fetch.Source> = []
  /// `nil`: it takes from wherever the blob is.
  private var site: SitePlan?
  /// Nobody near is known to have it whole: the channel has nobody to ask.
  private var waitsForFetcher: Bool

  init(seed: UInt64) {
    random = SeededNumbers(seed: seed)
    pieceBytes = [16, 64, 100].randomElement(using: &random)!
    size = Int64.random(in: 1...2000, using: &random)
    var limits = FetchLimits()
    limits.heldBackBytes = 16
    limits.hashStepBytes = Int64.random(in: 1...200, using: &random)
    limits.hurriedBytes = Int64.random(in: 1...300, using: &random)
    limits.waitingReaders = 20
    limits.endsWhenStalled = Bool.random(using: &random)
    heldBack = limits.heldBackBytes
    limits.smallBytes = Int64.random(in: 0...1000, using: &random)
    limits.fillBytes = Int64.random(in: 1...400, using: &random)
    sources = [[.swarm], [.channel], [.swarm, .channel]].randomElement(using: &random)!
    let fetchers = [1, 2].map(JoinedNodes.id).prefix(Int.random(in: 0...2, using: &random))
    if sources.count > 1, Bool.random(using: &random) {
      site = SitePlan(fetchers: Array(fetchers), isAgreed: Bool.random(using: &random))
    }
    waitsForFetcher = site?.fetchers.isEmpty == false && size > limits.smallBytes
    fetch = Fetch(size: size, pieceBytes: pieceBytes, from: sources, limits: limits, site: site, at: now)
    for step in fetch.begin() { judge(step) }
  }

  private var pieceCount: Int { Int((size + Int64(pieceBytes) - 1) / Int64(pieceBytes)) }

  mutating func play() {
    for _ in 0..<300 { feed(anEvent()) }
    // Whatever happened: pieces come, the sink returns, and then all is over and everybody was answered.
    feed(.whole)
    for _ in 0..<3 { if let work = sinkWork { feed(returned(work, fails: false)) } }
    if ending == nil { violations.append("it never ended") }
    if !asked.isEmpty { violations.append("\(asked.count) readers were never answered") }
    if fetch.waitingReaders > 0 { violations.append("readers wait for what has ended") }
  }

  private mutating func anEvent() -> Fetch.Event {
    switch Int.random(in: 0..<200, using: &random) {
    case 0: .cancel
    case 1: .pause
    case 2: .sourceFailed(aSource(), RegistryError(Bool.random(using: &random) ? .storageFull : .internal, "a fault"))
    case 3: .whole
    case 4..<7: .sees(peers: Int.random(in: 0...1, using: &random))
    case 7..<10: .received(aSource(), bytes: Int64.random(in: 0...100, using: &random))
    case 10..<18: .tick
    case 18..<20: idle.map { .begun($0) } ?? .found(holders: 1)
    case 20..<23:
      .said(JoinedNodes.id(.random(in: 1...2, using: &random)), bytes: [nil, 0, 500].randomElement(using: &random)!)
    case 23..<30: asked.keys.randomElement(using: &random).map { .leaves($0) } ?? .tick
    case 30..<90: .verified(piece: Int.random(in: -1...pieceCount, using: &random))
    case 90..<120: sinkWork.map { returned($0, fails: Int.random(in: 0..<20, using: &random) == 0) } ?? .tick
    default: aRead()
    }
  }

  private var idle: Fetch.Source? { Fetch.Source.allCases.first { toBegin.contains($0) && !begun.contains($0) } }

  private mutating func aSource() -> Fetch.Source { Bool.random(using: &random) ? .swarm : .channel }

  private mutating func aRead() -> Fetch.Event {
    nextReader += 1
    let offset = Int64.random(in: -1...(size + 1), using: &random)
    let count = Int.random(in: -1...Int(size), using: &random)
    asked[nextReader] =
      offset < 0 || offset >= size || count <= 0 ? 0..<0 : offset..<min(size, offset + Int64(count))
    return .reads(nextReader, from: offset, count: count)
  }

  private mutating func returned(_ work: Fetch.Step, fails: Bool) -> Fetch.Event {
    let fault = RegistryError(Bool.random(using: &random) ? .digestInvalid : .internal, "a fault")
    switch work {
    case .hash(let offset): return fails ? .hashingFailed(fault) : .hashed(upTo: offset)
    default:
      if fails { return Bool.random(using: &random) ? .sealFailed(fault) : .linkFailed(fault) }
      isSealed = true
      return .sealed
    }
  }

  private mutating func feed(_ event: Fetch.Event) {
    now += .milliseconds(Int.random(in: 0...2000, using: &random))
    switch event {
    case .verified(let piece) where piece >= 0 && piece < pieceCount && fetch.phase == .arriving: verified.insert(piece)
    case .whole where fetch.phase == .arriving: verified = Set(0..<pieceCount)
    case .hashed, .hashingFailed, .sealed, .sealFailed, .linkFailed: sinkWork = nil
    case .leaves(let reader): asked[reader] = nil
    case .begun(let source): begun.insert(source)
    case .found(let holders) where holders > 0: waitsForFetcher = false
    default: break
    }
    for step in fetch.take(event, at: now) { judge(step) }
  }

  private mutating func judge(_ step: Fetch.Step) {
    if ending != nil {
      switch step {
      case .grant, .refuse: break
      default: violations.append("\(step) after the end")
      }
    }
    switch step {
    case .grant(let reader, let range): judgeGrant(reader, range)
    case .refuse(let reader, _): answer(reader)
    case .begin(let source):
      if !sources.contains(source) || !toBegin.insert(source).inserted { violations.append("\(step) again") }
    case .fill(let pieces): judgeFill(pieces)
    case .rest, .shed, .seek, .wake, .quit: if sources.count < 2 { violations.append("\(step) with one source") }
    case .ask(let fetcher):
      if site?.fetchers.contains(fetcher) != true { violations.append("\(step) for no site") }
    case .cross:
      if site == nil { violations.append("crosses a line again, or where there is none") }
      (site, waitsForFetcher) = (nil, false)
    case .hurry(let pieces), .want(let pieces):
      if pieces.isEmpty || pieces.lowerBound < 0 || pieces.upperBound > pieceCount { violations.append("\(step)") }
    case .hash(let offset):
      beginSinkWork(step)
      if !isVerified(0..<offset) { violations.append("hashes what is not verified") }
    case .seal:
      beginSinkWork(step)
      if verified.count != pieceCount { violations.append("seals what is not whole") }
    case .end(let ended):
      if sinkWork != nil { violations.append("ends while the sink is at work") }
      if (ended == .complete) != isSealed { violations.append("ends \(ended), sealed: \(isSealed)") }
      ending = ended
    }
  }

  private mutating func judgeFill(_ pieces: Range<Int>) {
    if waitsForFetcher { violations.append("the channel is asked for what another member brings") }
    if !begun.contains(.channel) { violations.append("the channel is asked before it has begun") }
    if pieces.isEmpty || pieces.lowerBound < 0 || pieces.upperBound > pieceCount {
      violations.append("fills \(pieces)")
    }
    if pieces.contains(where: verified.contains) { violations.append("fills what is here: \(pieces)") }
  }

  private mutating func judgeGrant(_ reader: UInt64, _ range: Range<Int64>) {
    guard let asked = asked[reader] else { return answer(reader) }
    answer(reader)
    if asked.isEmpty != range.isEmpty { violations.append("\(range) for \(asked)") }
    if range.isEmpty { return }
    if range.lowerBound != asked.lowerBound || range.upperBound > asked.upperBound {
      violations.append("\(range) for \(asked)")
    }
    if !isVerified(range) { violations.append("\(range) is not verified") }
    if !isSealed, range.upperBound > asked.upperBound - heldBack { violations.append("the last block went early") }
  }

  private mutating func answer(_ reader: UInt64) {
    if asked.removeValue(forKey: reader) == nil { violations.append("reader \(reader) was answered without asking") }
  }

  private mutating func beginSinkWork(_ step: Fetch.Step) {
    if sinkWork != nil { violations.append("two calls of the sink at once") }
    sinkWork = step
  }

  private func isVerified(_ range: Range<Int64>) -> Bool {
    range.isEmpty
      || (Int(range.lowerBound) / pieceBytes...Int(range.upperBound - 1) / pieceBytes).allSatisfy(verified.contains)
  }
}
