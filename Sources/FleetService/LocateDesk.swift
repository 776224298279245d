import BlockingWork
import FleetCore
import RegistryCore
import Telemetry

/// Who has what, among members: this node tells the ones that rank high for a digest what it has, keeps what others tell
/// it, and asks (`LocateDesk+Asking`).
///
/// In a small fleet nobody is told anything: whoever looks for a blob there asks all. When it outgrows that, each node
/// begins with a walk over what it has, at a bounded rate.
public final class LocateDesk: Sendable {
  struct State {
    var book = LeaseBook()
    /// `nil`: the fleet is small, or this node alone.
    var told: Announcements?
    var members = NodeList()
    /// The last digest that the walk over what is here has come to.
    var walkedTo: Digest?
    var isWalking = false
    var hasLooked = false
    /// Of what is told: it rises whenever all is told anew.
    var session: Int64
    var finds = LocateFinds()
    var task: Task<Void, Never>?
    var alarm: Task<Void, Never>?
    var hasEnded = false
  }

  /// Up to so many members everybody is asked, and nobody tells anybody anything.
  public static let smallFleet = 8

  /// What comes within so long is told together.
  private static let gathering = Duration.milliseconds(50)
  /// How often it is looked whether something is to be renewed.
  private static let period = Duration.seconds(1)
  private static let smallPeriod = Duration.seconds(5)
  /// A walk: so many digests, and then a rest.
  private static let walkDigests = 512
  private static let walkRest = Duration.milliseconds(100)
  /// Members that are told at the same time.
  private static let lanes = 32

  private struct Circle {
    let current: @Sendable () -> LocateCircle?
  }

  let node: NodeID
  let zone: Zone?
  let peers: any FleetPeers
  let state: Lock<State>
  private let held: any HeldBlobs
  private let circle = Lock(Circle { nil })
  private let log: Logger
  private let wakes: AsyncStream<Void>
  private let wake: AsyncStream<Void>.Continuation
  private let start = ContinuousClock.now

  /// - Parameter session: another one each time the node starts, rising: its clock.
  init(
    _ node: NodeID, zone: Zone?, session: Int64, peers: any FleetPeers, held: any HeldBlobs, log: Logger
  ) {
    (self.node, self.zone, self.peers, self.held, self.log) = (node, zone, peers, held, log)
    state = Lock(State(session: session))
    (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// - Parameter circle: asked often, from any thread; does not block.
  func open(_ circle: @escaping @Sendable () -> LocateCircle?) {
    self.circle.withLock { $0 = Circle(current: circle) }
    // Unstructured: it lasts as long as the node is a member; `close` ends it.
    state.withLock { $0.task = Task { await self.work() } }
    wake.yield()
  }

  func close() async {
    let (task, alarm) = state.withLock { state in
      state.hasEnded = true
      return (state.task, state.alarm)
    }
    wake.finish()
    alarm?.cancel()
    task?.cancel()
    await task?.value
  }

  // MARK: - What this node has

  /// A blob came to be here; or it is on its way, which is told so that those who want it too find each other. Any thread;
  /// does not block.
  public func hold(_ digest: Digest, as holding: FleetCore.Holding = .complete) { change(digest, holding) }

  /// A blob is about to go, or nobody may read it here any more; or it does not come after all.
  public func letGo(_ digest: Digest) { change(digest, nil) }

  private func change(_ digest: Digest, _ holding: FleetCore.Holding?) {
    let now = now
    let isTold = state.withLock { state in
      state.told?.hold(digest, holding, at: now)
      return state.told != nil
    }
    if isTold { wake.yield() }
  }

  /// What others told this node, and how many blobs it tells others of.
  public var counts: (leases: Int, told: Int) { state.withLock { ($0.book.count, $0.told?.count ?? 0) } }

  /// For tests: it tells others; it has looked at the members; it was told of this blob.
  var isTelling: Bool { state.withLock { $0.told != nil } }
  var hasLooked: Bool { state.withLock { $0.hasLooked } }

  func knows(_ digest: Digest) -> Bool { state.withLock { $0.book.hasLease(of: digest) } }

  // MARK: - What others say

  /// `nil`: the message is not about this. On the caller's thread, in microseconds a digest.
  func answer(_ message: FleetMessage, from member: NodeID) -> FleetMessage? {
    let now = now
    switch message {
    case .announce(let batch): return .receipt(state.withLock { $0.book.take(batch, from: member, at: now) })
    case .locate(let question):
      let answer = state.withLock { state in
        state.book.answer(question, from: member, at: now, here: (node, zone)) { state.told?.holding(of: $0) }
      }
      return .located(answer)
    default: return nil
    }
  }

  var now: Int64 {
    let since = start.duration(to: .now).components
    return since.seconds * 1_000 + since.attoseconds / 1_000_000_000_000_000
  }

  var currentCircle: LocateCircle? { circle.withLock { $0 }.current() }

  // MARK: - Telling

  private func work() async {
    for await _ in wakes {
      do { try await Task.sleep(for: Self.gathering) } catch { return }
      guard let circle = currentCircle else {
        wakeAgain(in: Self.smallPeriod)
        continue
      }
      follow(circle)
      await walkOn()
      await tell(circle)
      let (isTold, isWalking) = state.withLock { ($0.told != nil, $0.isWalking) }
      wakeAgain(in: isWalking ? Self.walkRest : isTold ? Self.period : Self.smallPeriod)
    }
  }

  private func wakeAgain(in pause: Duration) {
    state.withLock { state in
      state.alarm?.cancel()
      guard !state.hasEnded else { return }
      // Unstructured: a timer, of which there is one.
      state.alarm = Task {
        do { try await Task.sleep(for: pause, tolerance: pause / 10) } catch { return }
        self.wake.yield()
      }
    }
  }

  private func follow(_ circle: LocateCircle) {
    let now = now
    state.withLock { state in
      for node in state.members where !circle.members.contains(node) { state.book.forget(node) }
      state.members = circle.members
      state.book.expire(at: now)
      let limits = LeaseLimits(members: circle.members.count)
      state.book.limits = limits
      state.hasLooked = true
      guard !circle.isSmall else {
        (state.told, state.isWalking) = (nil, false)
        return
      }
      if state.told == nil {
        state.session += 1
        state.told = Announcements(me: node, zone: zone, session: state.session, limits: limits)
        (state.walkedTo, state.isWalking) = (nil, true)
      }
      state.told?.limits = limits
      state.told?.meet(circle.members, at: now)
    }
  }

  /// One page of what is here.
  private func walkOn() async {
    guard let last = state.withLock({ $0.isWalking ? .some($0.walkedTo) : nil }) else { return }
    do throws(RegistryError) {
      let page = try await held.held(after: last, limit: Self.walkDigests)
      let now = now
      state.withLock { state in
        for digest in page { state.told?.hold(digest, .complete, at: now) }
        (state.walkedTo, state.isWalking) = (page.last, page.count == Self.walkDigests)
      }
    } catch {
      log.warning("what is here could not be told to the fleet", LogField("error", error.description))
    }
  }

  private func tell(_ circle: LocateCircle) async {
    let now = now
    var due = state.withLock { $0.told?.due(at: now) ?? [] }[...]
    await withTaskGroup(of: Void.self) { group in
      for (member, batch) in due.prefix(Self.lanes) { group.addTask { await self.tell(member, batch, circle) } }
      due = due.dropFirst(Self.lanes)
      while await group.next() != nil {
        guard let (member, batch) = due.popFirst() else { continue }
        group.addTask { await self.tell(member, batch, circle) }
      }
    }
  }

  private func tell(_ member: NodeID, _ batch: LeaseBatch, _ circle: LocateCircle) async {
    var answer: FleetMessage?
    // Who is away is told when it is back: its lease of what it had been told is over by then.
    if !circle.isAway(member) { answer = await peers.ask(member, at: circle.addresses(member), .announce(batch)) }
    let now = now
    state.withLock { state in
      if case .receipt(let receipt) = answer {
        state.told?.take(receipt, from: member, at: now)
      } else {
        state.told?.failed(member, at: now)
      }
    }
  }
}

extension LeaseLimits {
  /// However many members there are, each tells at most so many others a second that all still holds.
  private static let renewalsASecond: Int64 = 10

  init(members: Int) {
    self.init()
    renewalMilliseconds = max(renewalMilliseconds, Int64(members) * 1_000 / Self.renewalsASecond)
    leaseMilliseconds = 3 * renewalMilliseconds
  }
}
