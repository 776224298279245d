import BlockingWork
import CCurl
import CLinux
import Glibc
import Synchronization

/// The one thread of a client: libcurl's multi handle, its sockets, and the transfers under way.
///
/// Everything but `inbox`, `counters` and `start` belongs to the thread. It never waits but in epoll.
final class Engine: @unchecked Sendable {
  // Unchecked: what is mutable is touched on the thread only, once it has started.

  let inbox: CommandInbox
  let counters = ClientCounters()
  let limits: HTTPClientLimits
  /// For connections to come.
  private var credentials: TLSCredentials

  private let configuration: HTTPClientConfiguration
  private let multi: UnsafeMutableRawPointer
  private var sockets: SocketWatch
  /// Open connections, to whom they belong.
  private var connections: [Int32: HTTPOrigin] = [:]
  private var queue: TransferQueue<HTTPOrigin, Transfer>
  /// Those that have begun, and those that wait for their turn.
  private var transfers: [ObjectIdentifier: Transfer] = [:]
  private var spareHandles: [EasyHandle] = []
  private var alarms = AlarmClock<Transfer>()
  /// Those to which something has happened in this turn.
  private var touched: [Transfer] = []
  private var now = MonotonicClock.now
  private var timer = UInt64.max
  private var isClosing = false

  private static let spareHandleCount = 64
  private static let lapsPerTurn = 4

  /// `nil` when the system has no memory or no descriptor left.
  init?(_ configuration: HTTPClientConfiguration, _ credentials: TLSCredentials) {
    guard Self.isLibraryReady, let multi = curl_multi_init() else { return nil }
    let poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard poll >= 0, let inbox = CommandInbox() else {
      curl_multi_cleanup(multi)
      if poll >= 0 { close(poll) }
      return nil
    }
    self.multi = multi
    self.configuration = configuration
    self.credentials = credentials
    limits = configuration.limits
    self.inbox = inbox
    sockets = SocketWatch(descriptor: poll)
    queue = TransferQueue(
      limit: limits.transfers, limitPerKey: limits.transfersPerOrigin, waitingLimit: limits.waitingRequests)
    sockets.set(inbox.descriptor, CURL_POLL_IN)
  }

  /// libcurl wants to be told once in a process, by one thread.
  private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

  /// Starts the thread, which keeps the engine alive until it was told to close.
  func start(atEnd: @escaping @Sendable () -> Void) {
    let thread = startThread(named: "curl") {
      self.run()
      atEnd()
    }
    pthread_detach(thread)
  }

  private func run() {
    let own = Unmanaged.passUnretained(self).toOpaque()
    shoal_curl_multi_set_watcher(multi, Callback.watchSocket)
    shoal_curl_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, own)
    shoal_curl_multi_set_timer(multi, Callback.setTimer)
    shoal_curl_multi_set_pointer(multi, CURLMOPT_TIMERDATA, own)
    shoal_curl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(1, limits.openConnections))
    while !isClosing { turn() }
    tearDown()
  }

  private func turn() {
    let count = sockets.wait(milliseconds: patience())
    now = MonotonicClock.now
    for index in 0..<count {
      let (socket, attempt) = sockets.event(index)
      if socket == inbox.descriptor { inbox.silence() } else { act(socket, attempt) }
    }
    for command in inbox.takeAll() { obey(command) }
    // What ended lets others begin, which libcurl starts by its timer. A transfer that never runs dry uses the timer too: the
    // sockets of the others are looked at in between.
    for _ in 0..<Self.lapsPerTurn where timer <= now {
      runTimer()
      settleFinished()
    }
    settleFinished()
    ringAlarms()
    settleTouched()
  }

  /// How long epoll may wait.
  private func patience() -> Int32 {
    guard inbox.fallAsleep() else { return 0 }
    let next = min(timer, alarms.earliest ?? .max)
    guard next < .max else { return -1 }
    let now = MonotonicClock.now
    return next > now ? Int32(clamping: (next - now + 999_999) / 1_000_000) : 0
  }

  // MARK: libcurl

  private func act(_ socket: Int32, _ attempt: Int32) {
    var running: Int32 = 0
    curl_multi_socket_action(multi, socket, attempt, &running)
  }

  private func runTimer() {
    guard timer <= now else { return }
    timer = .max
    act(CURL_SOCKET_TIMEOUT, 0)
  }

  func setTimer(milliseconds: Int) {
    switch milliseconds {
    case ..<0: timer = .max
    case 0: timer = 0
    default: timer = MonotonicClock.now &+ UInt64(milliseconds) * 1_000_000
    }
  }

  func watch(_ socket: Int32, _ interest: Int32) { sockets.set(socket, interest) }

  func opened(_ socket: Int32, for origin: HTTPOrigin) {
    connections[socket] = origin
    counters.opened.add(1, ordering: .relaxed)
    counters.open.add(1, ordering: .relaxed)
  }

  func closeSocket(_ socket: Int32) -> Int32 {
    sockets.forget(socket)
    if connections.removeValue(forKey: socket) != nil { counters.open.subtract(1, ordering: .relaxed) }
    return close(socket)
  }

  func touch(_ transfer: Transfer) {
    guard !transfer.isTouched else { return }
    transfer.isTouched = true
    touched.append(transfer)
  }

  private func settleFinished() {
    var left: Int32 = 0
    while let message = curl_multi_info_read(multi, &left) {
      guard message.pointee.msg == CURLMSG_DONE, let transfer = EasyHandle.transfer(of: message.pointee.easy_handle)
      else {
        continue
      }
      // The message is gone when its handle is.
      let failure = transfer.error(shoal_curl_result(message))
      finish(transfer, failure.map { .failed($0) } ?? .whole)
    }
  }

  // MARK: Transfers

  private func obey(_ command: Command) {
    switch command {
    case .start(let transfer): enter(transfer)
    case .cancel(let exchange): if let transfer = transfer(of: exchange) { finish(transfer, .failed(.cancelled)) }
    case .resumeReceiving(let exchange): resume(exchange) { $0.receivingResumes(now) }
    case .resumeSending(let exchange): resume(exchange) { $0.sendingResumes(now) }
    case .use(let credentials): self.credentials = credentials
    case .drop(let origin): drop(origin)
    case .close: isClosing = true
    }
  }

  private func transfer(of exchange: Exchange) -> Transfer? { transfers[ObjectIdentifier(exchange)] }

  private func enter(_ transfer: Transfer) {
    guard !transfer.exchange.isOver else { return }
    switch queue.enter(transfer, transfer.origin) {
    case .refused:
      transfer.exchange.end(.failed(.crowded(transfer.origin)))
    case .waits:
      transfers[ObjectIdentifier(transfer.exchange)] = transfer
      alarms.set(transfer, at: transfer.nextLook)
    case .begins:
      transfers[ObjectIdentifier(transfer.exchange)] = transfer
      begin(transfer)
    }
  }

  private func begin(_ transfer: Transfer) {
    let own = Unmanaged.passUnretained(self).toOpaque()
    guard let easy = spareHandles.popLast() ?? EasyHandle(configuration, engine: own) else {
      return finish(transfer, .failed(.malformedRequest(reason: "no memory")))
    }
    let comparesHost = credentials.comparesHost
    let method = transfer.request.method
    let follows = transfer.request.redirectLimit > 0 && credentials.letsRedirect && (method == .get || method == .head)
    transfer.begin(self, credentials, followsRedirects: follows, now)
    transfer.easy = easy
    easy.prepare(transfer, comparesHost: comparesHost, followsRedirects: follows)
    alarms.set(transfer, at: transfer.nextLook)
    guard curl_multi_add_handle(multi, easy.pointer) == CURLM_OK else {
      return finish(transfer, .failed(.malformedRequest(reason: "no memory")))
    }
  }

  /// Ends a transfer at whatever point it is. Its connection goes back to the pool only when the exchange was whole.
  private func finish(_ transfer: Transfer, _ outcome: Exchange.Outcome) {
    guard transfers.removeValue(forKey: ObjectIdentifier(transfer.exchange)) != nil else { return }
    alarms.remove(transfer)
    let hadBegun = transfer.phase != .waiting || !queue.remove(transfer, transfer.origin)
    if let easy = transfer.easy {
      transfer.easy = nil
      curl_multi_remove_handle(multi, easy.pointer)
      easy.forgetRequest()
      keep(easy, after: transfer, outcome)
    }
    transfer.end()
    transfer.exchange.end(outcome)
    if hadBegun, let next = queue.leave(transfer.origin) { begin(next) }
  }

  /// A handle counts how often it was given a dead connection, over all its requests, and fails for good at the sixth: kept is
  /// only one that went through without a new connection.
  private func keep(_ easy: EasyHandle, after transfer: Transfer, _ outcome: Exchange.Outcome) {
    guard case .whole = outcome, !transfer.hasOpened, spareHandles.count < Self.spareHandleCount else { return }
    spareHandles.append(easy)
  }

  private func resume(_ exchange: Exchange, _ pausesLeft: (Transfer) -> Int32?) {
    guard let transfer = transfer(of: exchange), let easy = transfer.easy, let left = pausesLeft(transfer) else {
      return
    }
    touch(transfer)
    // May call us back with what libcurl held. A transfer that has no connection any more says so, and tells its end later.
    let code = curl_easy_pause(easy.pointer, left)
    guard code != CURLE_OK, code != CURLE_BAD_FUNCTION_ARGUMENT else { return }
    finish(transfer, .failed(transfer.error(code) ?? .cancelled))
  }

  private func ringAlarms() {
    while let transfer = alarms.popDue(now) {
      if let failure = transfer.lateness(now) {
        finish(transfer, .failed(failure))
      } else {
        alarms.set(transfer, at: transfer.nextLook)
      }
    }
  }

  private func settleTouched() {
    guard !touched.isEmpty else { return }
    for transfer in touched {
      transfer.isTouched = false
      guard transfer.phase != .ended else { continue }
      transfer.settleTime(now)
      alarms.set(transfer, at: transfer.nextLook)
      transfer.exchange.callReader()
    }
    touched.removeAll(keepingCapacity: true)
  }

  /// What rests is shut, and found dead when it is wanted; what runs is ended here, since a reader that stands still would not
  /// let libcurl notice.
  private func drop(_ origin: HTTPOrigin) {
    for (socket, owner) in connections where owner == origin { shutdown(socket, Int32(SHUT_RDWR)) }
    // Gathered first: each end lets one who waited begin, over a connection that is new.
    for transfer in transfers.values.filter({ $0.origin == origin && $0.phase != .waiting }) {
      finish(transfer, .failed(.cut(origin, reason: "its connections were dropped")))
    }
  }

  // MARK: The end

  private func tearDown() {
    // Those who wait first, so that none of them begins.
    for transfer in transfers.values.filter({ $0.phase == .waiting }) { finish(transfer, .failed(.closed)) }
    for transfer in Array(transfers.values) { finish(transfer, .failed(.closed)) }
    for case .start(let transfer) in inbox.close() { transfer.exchange.end(.failed(.closed)) }
    spareHandles = []
    touched = []
    curl_multi_cleanup(multi)
  }
}
