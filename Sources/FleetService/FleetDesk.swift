import BlockingWork
import FleetCore
import Glibc
import RegistryCore
import Telemetry

/// A member at work: runs the fleet's machine on one thread and does what it asks for.
///
/// Inputs come from any thread and are taken one after the other. What the machine wants kept or taken into the ledger is
/// done in its order; questions and replies go out at once, unless something is to be kept before anybody is told.
public final class FleetDesk: Sendable {
  typealias Machine = FleetMachine<FleetKeys>

  private struct State {
    var machine: Machine
    var effects: [FleetEffect] = []
    var lastReply: UInt64 = 0
    var replies: [ReplyToken: UnsafeContinuation<FleetMessage, Never>] = [:]
    var timer: Task<Void, Never>?
    var hasEnded = false
  }

  public let keys: FleetKeys
  /// Who has what.
  public let locate: LocateDesk
  let ports: FleetPorts
  private let memory: FleetMemory
  /// The machine's own: it may check signatures for milliseconds.
  private let thread = BlockingPool(name: "fleet", threads: 1)
  private let state: Lock<State>
  private let storing: FleetStoring
  private let freshness = Freshness()
  private let settling = Settling()
  private let view: Lock<FleetView>
  private let written: AsyncStream<Void>
  private let poke: AsyncStream<Void>.Continuation
  private let tasks = Lock<[Task<Void, Never>]>([])
  private let start = ContinuousClock.now
  /// How often members knew more of this node than it did.
  let restorations = Lock(0)
  /// Members that said what cannot be read here: each is logged once.
  let passers = Lock<Set<NodeID>>([])

  /// - Parameter directory, cards: as they were kept, with this node's own card of today in them.
  public init(_ ports: FleetPorts, keys: FleetKeys, directory: Directory, cards: CardBook, seed: UInt64) {
    (self.ports, self.keys) = (ports, keys)
    memory = FleetMemory(ports.statements)
    let machine = Machine(node: keys.node, directory: directory, cards: cards, notary: keys, seed: seed)
    view = Lock(FleetView(machine, at: Moment(monotonic: 0, wall: 0)))
    state = Lock(State(machine: machine))
    storing = FleetStoring()
    locate = LocateDesk(
      keys.node, zone: cards[keys.node]?.draft.zone, session: ports.clock.millisecondsSince1970, peers: ports.peers,
      held: ports.held, log: ports.log)
    (written, poke) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  /// Reads where the ledger ends and begins to speak with the others.
  public func open() async throws(RegistryError) {
    let writer = try await ports.ledger.writer()
    let heads = try await ports.ledger.heads()
    // Unstructured: they last as long as the node is a member; `close` cancels them.
    let tasks = [
      Task { await self.store() }, Task { await self.tellWhatIsWritten(after: heads[writer]?.sequence ?? 0, writer) },
      Task { await self.settleDue() }, Task { await self.keepBulletin() },
    ]
    self.tasks.withLock { $0 = tasks }
    take(.started(writer: writer, heads: heads))
    locate.open { [weak self] in self.map { LocateCircle($0.current) } }
  }

  /// Answers a member. Whoever asks has proven its key, and is one or was one when the question came.
  public func answer(_ message: FleetMessage, from member: NodeID) async -> FleetMessage {
    if let answer = locate.answer(message, from: member) { return answer }
    return await withUnsafeContinuation { continuation in
      let token: ReplyToken? = state.withLock { state in
        guard !state.hasEnded else { return nil }
        state.lastReply += 1
        let token = ReplyToken(rawValue: state.lastReply)
        state.replies[token] = continuation
        return token
      }
      guard let token else { return continuation.resume(returning: .busy) }
      take(.asked(member, token, message))
    }
  }

  /// What members and operators may know of it at this moment; from any thread, at the cost of a lock.
  public var current: FleetView { view.withLock { $0 } }

  /// How far the members' clocks are ahead of this node's now, though its clock was set a moment ago; `nil`: nobody was
  /// heard. Any thread, at the cost of a lock.
  public var clockOffset: Int64? {
    let now = now
    return current.clockAheadOfMonotonic.map { $0 + now.monotonic - now.wall }
  }

  /// What the log may forget: how long what lost is kept, and which deletions nobody needs. `nil`: nothing, for the clock
  /// may be wrong. Walks through all members.
  public var forgettable: (retention: ClaimRetention, deletions: Forgettable)? {
    state.withLock { state in
      state.machine.gate == .open ? (state.machine.retention, state.machine.forgettable) : nil
    }
  }

  /// The log was shortened, so far as `forgettable` said: the members are told how often.
  public func noteShortening(_ log: ShortenedLog) { take(.shortened(log)) }

  /// This node has written claims. Any thread; does not block.
  public func noteWriting() { poke.yield() }

  /// Returns when this node knows whether it may write, which takes a moment after it has been opened.
  public func settled() async { await settling.wait() }

  /// An issuer on this node has signed something.
  public func issue(_ news: DirectoryNews) { take(.issued(news)) }

  /// Whether this node has compared what it knows with a member lately, or has none to compare with. For each request
  /// that reads a name: any thread, and cheap while it is so.
  public var isFresh: Bool { freshness.isFresh(at: monotonic) || current.directory.members.count == 1 }

  /// Asks some members at once, and waits a moment for what they know. When nobody answered just now, nobody is asked.
  /// - Returns: whether it is fresh now.
  public func freshen() async -> Bool {
    guard freshness.mayWait(at: monotonic) else { return isFresh }
    take(.refresh)
    await freshness.wait()
    guard !isFresh else { return true }
    freshness.noteFailure(at: monotonic)
    return false
  }

  /// The same, and waits until it stands here and the members are being told.
  func issued(_ news: DirectoryNews) async {
    await withUnsafeContinuation { continuation in
      let isTaken = state.withLock { state in
        guard !state.hasEnded else { return false }
        thread.submit {
          self.handle(.issued(news))
          continuation.resume()
        }
        return true
      }
      if !isTaken { continuation.resume() }
    }
  }

  public func close() async {
    await locate.close()
    let (timer, replies) = state.withLock { state in
      state.hasEnded = true
      defer { (state.timer, state.replies) = (nil, [:]) }
      return (state.timer, state.replies)
    }
    timer?.cancel()
    for continuation in replies.values { continuation.resume(returning: .busy) }
    freshness.end()
    settling.end()
    storing.finish()
    poke.finish()
    let tasks = tasks.withLock { $0 }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    await stopThread()
  }

  /// The pool's own threads are joined, which blocks.
  private func stopThread() async {
    let thread = thread
    await withUnsafeContinuation { continuation in
      let closing = startThread(named: "fleet-close") {
        thread.stop()
        continuation.resume()
      }
      pthread_detach(closing)
    }
  }

  // MARK: - The machine

  func take(_ input: FleetInput) {
    // Under the lock, so that nothing is handed to a thread that `close` has stopped.
    state.withLock { state in
      guard !state.hasEnded else { return }
      thread.submit { self.handle(input) }
    }
  }

  private var now: Moment {
    Moment(monotonic: monotonic, wall: ports.clock.millisecondsSince1970)
  }

  private var monotonic: Int64 {
    let since = start.duration(to: .now).components
    return since.seconds * 1_000 + since.attoseconds / 1_000_000_000_000_000
  }

  /// On the machine's thread alone.
  private func handle(_ input: FleetInput) {
    let now = now
    ports.meter.count(input)
    let (effects, view) = state.withLock { state -> ([FleetEffect], FleetView) in
      state.machine.handle(input, at: now, into: &state.effects)
      freshness.note(comparedAt: state.machine.freshAt)
      defer { state.effects.removeAll(keepingCapacity: true) }
      return (state.effects, FleetView(state.machine, at: now))
    }
    let before = self.view.withLock { current in
      defer { current = view }
      return current
    }
    settling.note(view.gate)
    if before.directory.digest != view.directory.digest {
      dropStrangers(before, view)
      ports.membersChanged(before, view)
    }
    for effect in effects { perform(effect) }
  }

  /// Whoever was a member and is none now is cut off.
  private func dropStrangers(_ before: FleetView, _ after: FleetView) {
    let strangers = Set(before.directory.members.filter { !after.isMember($0) })
    guard !strangers.isEmpty else { return }
    // Unstructured: it only tells those who hold connections.
    Task { await self.ports.peers.drop(strangers) }
  }

  private func perform(_ effect: FleetEffect) {
    switch effect {
    case .ask, .reply:
      if storing.isKeeping { storing.put(effect) } else { send(effect) }
    case .admit, .read, .apply, .correctClock, .beginEpoch, .keep: storing.put(effect)
    case .wake(let time): wake(at: time)
    case .writing(let gate): noteGate(gate)
    case .member(let member, let state): note(member, state)
    case .noticed(let notice): log(notice)
    }
  }

  private func send(_ effect: FleetEffect) {
    switch effect {
    case .ask(let member, let token, let message):
      ports.meter.asked.add()
      let addresses = state.withLock { $0.machine.cards[member]?.draft.addresses ?? [] }
      // Unstructured: it ends with the answer or with its deadline, which is below a second.
      Task {
        let answer = await self.ports.peers.ask(member, at: addresses, message)
        self.take(answer.map { .answered(token, $0) } ?? .unanswered(token))
      }
    case .reply(let token, let message):
      let continuation = state.withLock { $0.replies.removeValue(forKey: token) }
      continuation?.resume(returning: message)
    default: return
    }
  }

  private func wake(at time: Int64) {
    let delay = Duration.milliseconds(max(0, time - now.monotonic))
    state.withLock { state in
      guard !state.hasEnded else { return }
      state.timer?.cancel()
      // Unstructured: a timer, of which there is one.
      state.timer = Task {
        do { try await Task.sleep(for: delay, tolerance: .milliseconds(2)) } catch { return }
        self.take(.woke)
      }
    }
  }

  // MARK: - The ledger

  /// One after the other, in the machine's order.
  private func store() async {
    for await effect in storing.effects {
      switch effect {
      case .admit(let token, let runs): take(.admitted(token, await admit(runs)))
      case .read(let token, let wants, let limit): take(.runs(token, await read(wants, limit)))
      case .apply(let rules): await apply(rules)
      case .correctClock(let milliseconds): await correctClock(by: milliseconds)
      case .beginEpoch(let floor, let restatement): await beginEpoch(above: floor, restating: restatement)
      case .keep(let news, let cards):
        await attempt("what the fleet said could not be kept") { () async throws(RegistryError) in
          try await self.memory.keep(news, cards, self.keys)
        }
        storing.kept()
      case .ask, .reply: send(effect)
      case .wake, .writing, .member, .noticed: break
      }
    }
  }

  private func apply(_ rules: NameRules) async {
    await attempt("the fleet's rules for names could not be applied") { () async throws(RegistryError) in
      try await self.ports.ledger.apply(rules)
      self.ports.namesChanged()
    }
  }

  private func correctClock(by milliseconds: Int64) async {
    await attempt("the ledger could not be told that this node's clock is wrong") { () async throws(RegistryError) in
      try await self.ports.ledger.correctClock(by: milliseconds)
      self.ports.namesChanged()
    }
  }

  private func admit(_ runs: [ClaimRun]) async -> [Admission?] {
    var admissions: [Admission?] = []
    for run in runs {
      do throws(RegistryError) {
        let admission = try await ports.ledger.admit(run)
        ports.meter.count(run, admission)
        admissions.append(admission)
      } catch {
        ports.meter.count(run, nil)
        ports.log.error("claims of a member could not be taken in", LogField("error", error.description))
        admissions.append(nil)
      }
    }
    ports.namesChanged()
    return admissions
  }

  private func read(_ wants: [Want], _ byteLimit: Int) async -> [ClaimRun] {
    var runs: [ClaimRun] = []
    var left = byteLimit
    for want in wants where left > 0 {
      do throws(RegistryError) {
        guard let run = try await ports.ledger.run(of: want.writer, after: want.after, byteLimit: left) else {
          continue
        }
        left -= run.claims.reduce(0) { $0 + $1.bytes.count }
        runs.append(run)
      } catch {
        ports.log.error("the log of claims could not be read", LogField("error", error.description))
        break
      }
    }
    return runs
  }

  private func beginEpoch(above floor: Int64, restating: ClaimStretch?) async {
    await attempt("a new epoch could not be begun; nothing is written until it is") { () async throws(RegistryError) in
      self.take(
        .began(try await self.ports.ledger.beginEpoch(above: floor, restating: restating)))
      self.noteWriting()
    }
  }

  private func attempt(_ message: StaticString, _ body: () async throws(RegistryError) -> Void) async {
    do throws(RegistryError) {
      try await body()
    } catch {
      ports.log.error(message, LogField("error", error.description))
    }
  }

  /// Whatever this node writes, by whatever way, is in its own log: the machine is told what follows what it knows.
  private func tellWhatIsWritten(after sequence: Int64, _ writer: WriterID) async {
    var (last, writer) = (sequence, writer)
    for await _ in written {
      do throws(RegistryError) {
        let current = try await ports.ledger.writer()
        if current != writer { (writer, last) = (current, 0) }
        while let run = try await ports.ledger.run(of: writer, after: last, byteLimit: FleetLimits.runBytes) {
          last = run.claims.last?.body.sequence ?? last
          take(.wrote(run))
        }
      } catch {
        ports.log.error("what this node wrote could not be read", LogField("error", error.description))
      }
    }
  }

  /// Claims that were dated ahead are looked at when they are due, and now and then.
  private func settleDue() async {
    while !Task.isCancelled {
      var pause = Duration.seconds(5)
      do throws(RegistryError) {
        let due = try await ports.ledger.settleDue()
        ports.namesChanged()
        if let due {
          let wait = due.milliseconds - ports.clock.millisecondsSince1970
          pause = min(pause, .milliseconds(max(50, wait)))
        }
      } catch {
        ports.log.error("claims that were dated ahead could not be settled", LogField("error", error.description))
      }
      do { try await Task.sleep(for: pause) } catch { return }
    }
  }
}
