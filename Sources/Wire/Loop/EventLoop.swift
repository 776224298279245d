import BlockingWork
import CLinux
import Glibc
import Synchronization

/// What a loop watches a descriptor for.
protocol Watched: AnyObject {
  func becameReady(_ readiness: Readiness)
  /// The deadline that was set last has passed.
  func deadlinePassed()
  /// The loop stops: finish what runs, close what rests.
  func stopGently()
  /// The loop stops: close now.
  func stopNow()
}

/// One thread that waits for sockets and runs the tasks that prefer it.
///
/// A task started with `Task.immediate(executorPreference: loop)` on this thread starts without a hop and comes back to
/// it after each await. Everything here but `execute`, `enqueue`, `isCurrent` and `load` belongs to the loop's thread.
final class EventLoop: TaskExecutor, @unchecked Sendable {
  // Unchecked: the mutable state below is touched on the loop's thread only.

  /// Connections that this loop carries, for whoever hands out new ones.
  let load = Atomic<Int>(0)
  /// Where heads and TLS records are put together or taken apart within one call. Never held across an await.
  let scratch: UnsafeMutableRawBufferPointer
  /// The instant at which this turn began, or the last `lookAtClock` in it.
  private(set) var now = MonotonicClock.now
  /// Tasks that have begun and not ended: the thread lives at least as long.
  var runningTasks = 0
  var date = DateLine()
  /// A buffer for the head of an answer, so that none is allocated for each.
  var headBuffer: [UInt8] = []

  private(set) var isStopping = false
  private let poller: Poller
  private let inbox: ThreadInbox<Item>
  private let thread = Atomic<UInt>(0)
  private var jobs: [UnownedJob] = []
  private var nextTurn: [UnsafeContinuation<Void, Never>] = []
  private var slots: [Slot] = []
  private var generation: UInt32 = 0
  private var watchedCount = 0
  private var deadlines = DeadlineHeap<Ticket>()
  private var calls = DeadlineHeap<@Sendable () -> Void>()
  private var beats = Beats()
  private var whenEmpty: (@Sendable () -> Void)?

  /// What other threads leave.
  private enum Item: Sendable {
    case job(UnownedJob)
    case call(@Sendable () -> Void)
  }

  private struct Slot {
    var watched: (any Watched)?
    var generation: UInt32 = 0
  }

  static let scratchBytes = 256 << 10
  /// Jobs that run before the sockets are looked at again.
  private static let jobsPerTurn = 1_024

  init() throws(SystemFailure) {
    poller = try Poller()
    guard let inbox = ThreadInbox<Item>() else { throw SystemFailure("eventfd", errno) }
    self.inbox = inbox
    scratch = .allocate(byteCount: Self.scratchBytes, alignment: 64)
    try poller.add(Ticket(descriptor: inbox.descriptor, generation: 0))
  }

  deinit { scratch.deallocate() }

  /// Starts the thread; it ends by itself after `stop`, when nothing is left to do, and keeps the loop alive until then.
  func start(name: String, atEnd: @escaping @Sendable () -> Void) {
    let thread = startThread(named: name) {
      self.run()
      atEnd()
    }
    pthread_detach(thread)
  }

  // MARK: Any thread

  /// Whether the caller is on the loop's thread.
  var isCurrent: Bool { UInt(pthread_self()) == thread.load(ordering: .relaxed) }

  /// False, and nothing is done, when the loop has ended.
  @discardableResult
  func execute(_ call: @escaping @Sendable () -> Void) -> Bool { inbox.put(.call(call)) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      jobs.append(job)
    } else if !inbox.put(.job(job)) {
      // A task that outlived the server's stop, because a handler started it and did not wait for it.
      globalConcurrentExecutor.enqueue(ExecutorJob(job))
    }
  }

  // MARK: The loop's thread

  /// Watches a descriptor from now on. The ticket names it until `forget`. Before `start` any thread may call it.
  func watch(_ descriptor: Int32, _ watched: any Watched) throws(SystemFailure) -> Ticket {
    generation &+= 1
    let ticket = Ticket(descriptor: descriptor, generation: generation)
    try poller.add(ticket)
    while slots.count <= Int(descriptor) { slots.append(Slot()) }
    slots[Int(descriptor)] = Slot(watched: watched, generation: generation)
    watchedCount += 1
    return ticket
  }

  /// Another one watches over the descriptor from now on. Deadlines that were set before are its own.
  func hand(_ ticket: Ticket, to watched: any Watched) { slots[Int(ticket.descriptor)].watched = watched }

  /// The descriptor is about to be closed, which takes it out of epoll too.
  func forget(_ ticket: Ticket) {
    slots[Int(ticket.descriptor)].watched = nil
    watchedCount -= 1
    announceIfEmpty()
  }

  /// For deadlines that start now, in a turn that may have lasted for a while.
  @discardableResult
  func lookAtClock() -> UInt64 {
    now = MonotonicClock.now
    return now
  }

  /// Calls `deadlinePassed` of what the ticket names, at the earliest then. An earlier entry stays and calls too: the
  /// owner compares and sets anew, so that a deadline that only ever moves on costs nothing.
  func wake(_ ticket: Ticket, at deadline: UInt64) { deadlines.insert(ticket, at: deadline) }

  /// Whether the next packet may wake the loop as this one did, which brought little.
  func mayWakePromptly() -> Bool { beats.spend(at: now) }

  /// Once, at the next beat.
  func beat(_ member: any Beating) { beats.join(member, at: now) }

  /// Whether what comes in there is told. What came before is, when it is told again.
  func listen(_ ticket: Ticket, _ isTold: Bool) { poller.listen(ticket, isTold) }

  func call(at deadline: UInt64, _ body: @escaping @Sendable () -> Void) { calls.insert(body, at: deadline) }

  /// Lets everything else of the loop have its turn.
  nonisolated(nonsending) func yield() async {
    await withUnsafeContinuation { nextTurn.append($0) }
  }

  /// Tells everything watched to end by itself, and `whenEmpty` when the last has gone.
  func stop(whenEmpty: @escaping @Sendable () -> Void) {
    isStopping = true
    self.whenEmpty = whenEmpty
    forEachWatched { $0.stopGently() }
    announceIfEmpty()
  }

  /// Only after `stop`.
  func stopNow() {
    forEachWatched { $0.stopNow() }
  }

  /// Everything that is watched as the call begins.
  func forEachWatched(_ body: (any Watched) -> Void) {
    for slot in slots { if let watched = slot.watched { body(watched) } }
  }

  private func announceIfEmpty() {
    guard isStopping, watchedCount == 0, let whenEmpty else { return }
    self.whenEmpty = nil
    whenEmpty()
  }

  private var isDone: Bool { isStopping && watchedCount == 0 && runningTasks == 0 && jobs.isEmpty && nextTurn.isEmpty }

  private func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    while !(isDone && inbox.closeIfEmpty()) { turn() }
    // The number may soon be another thread's.
    thread.store(0, ordering: .relaxed)
    forgetAll()
  }

  /// What still refers to the loop would keep it for ever. For a loop that has ended, or will never start.
  func forgetAll() {
    calls = DeadlineHeap()
    beats = Beats()
    slots = []
  }

  private func turn() {
    let count = poller.wait(milliseconds: patience())
    // Before anything else: what the events set off must not be timed from before the sleep.
    lookAtClock()
    poller.forEach(of: count) { dispatch($0, $1) }
    runDeadlines()
    for item in inbox.takeAll() { run(item) }
    let yielded = nextTurn
    nextTurn.removeAll(keepingCapacity: true)
    for continuation in yielded { continuation.resume() }
    runJobs()
  }

  /// How long epoll may wait.
  private func patience() -> Int32 {
    guard jobs.isEmpty, nextTurn.isEmpty, !isDone, inbox.fallAsleep() else { return 0 }
    let next = min(deadlines.earliest ?? .max, calls.earliest ?? .max, beats.next)
    guard next < .max else { return -1 }
    lookAtClock()
    guard next > now else { return 0 }
    return Int32(clamping: (next - now + 999_999) / 1_000_000)
  }

  private func dispatch(_ ticket: Ticket, _ readiness: Readiness) {
    if ticket.descriptor == inbox.descriptor { return inbox.silence() }
    watched(ticket)?.becameReady(readiness)
  }

  private func watched(_ ticket: Ticket) -> (any Watched)? {
    let slot = slots[Int(ticket.descriptor)]
    return slot.generation == ticket.generation ? slot.watched : nil
  }

  private func runDeadlines() {
    while let entry = deadlines.popDue(now) { watched(entry.subject)?.deadlinePassed() }
    while let entry = calls.popDue(now) { entry.subject() }
    for member in beats.takeDue(now) where member.beat() { beats.join(member, at: now) }
  }

  private func run(_ item: Item) {
    switch item {
    case .job(let job): jobs.append(job)
    case .call(let call): call()
    }
  }

  private func runJobs() {
    var ran = 0
    while ran < jobs.count, ran < Self.jobsPerTurn {
      jobs[ran].runSynchronously(on: asUnownedTaskExecutor())
      ran += 1
    }
    jobs.removeFirst(ran)
  }
}
