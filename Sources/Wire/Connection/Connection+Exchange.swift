import CLinux
import Glibc

extension Connection {
  /// A head is whole: the task that answers it starts on this thread, within this call.
  func begin(_ incoming: Incoming) {
    phase = .exchanging
    clearDeadline()
    loop.runningTasks += 1
    // Unstructured: a connection's life is no scope. The loop counts the task and outlives it.
    let task = Task.immediate(executorPreference: loop) {
      await self.serve(incoming)
      self.task = nil
      self.loop.runningTasks -= 1
    }
    // Most end within the call.
    guard phase == .exchanging else { return }
    self.task = task
    if inputEnds { task.cancel() }
  }

  /// Answers requests as long as the next head is there.
  private nonisolated(nonsending) func serve(_ first: Incoming) async {
    var incoming = first
    while await exchange(incoming) {
      phase = .awaitingHead
      switch nextHead() {
      case .request(let next):
        incoming = next
        phase = .exchanging
        clearDeadline()
        bytesThisTurn += Self.requestCostBytes
        if bytesThisTurn >= service.limits.bytesPerTurn { await takeTurns() }
        guard isOpen else { return }
      case .incomplete:
        if loop.isStopping, input.isEmpty { return close() }
        if input.isEmpty { setDeadline(after: service.patience.idle) }
        return
      case .refused(let refusal): return refuse(refusal)
      case .ended: return close()
      }
    }
  }

  /// What a request counts for in its connection's turn, so that a pipeline of small ones ends its turn too.
  private static let requestCostBytes = 64 << 10

  /// One request and its answer. True when the connection lives on and the next head stands at the front of the input.
  private nonisolated(nonsending) func exchange(_ incoming: Incoming) async -> Bool {
    let began = loop.lookAtClock()
    let request = incoming.request
    hasServed = true
    receiving = service.patience.budget
    sending = receiving
    bytesSent = 0
    let body = incoming.framing == .none ? nil : ConnectionBody(incoming, self)
    let response = await service.handler.respond(to: request, body: body ?? EmptyBody.one)
    assert(loop.isCurrent, "a task that prefers its loop comes back to it after each await")
    let keeps = livesOn(after: response, to: incoming, body)
    let isWhole = await sendWhole(response, to: incoming, keepsAlive: keeps)
    let outcome = Exchange(
      status: response.status, bytesReceived: Int64(incoming.headBytes) + (body?.receivedBytes ?? 0),
      bytesSent: bytesSent, nanoseconds: Int64(loop.lookAtClock() - began), isCut: !isWhole)
    await service.handler.finished(request, outcome)
    let isDrained = await drain(body)
    body?.seal()
    guard isWhole, isOpen else { return false }
    if keeps, isDrained { return true }
    endAfterAnswer(hasUnread: !isDrained || !input.isEmpty)
    return false
  }

  /// Whether another request may follow: both sides want it, and the ends of both messages are known.
  private func livesOn(after response: Response, to incoming: Incoming, _ body: ConnectionBody?) -> Bool {
    incoming.keepsAlive && !response.closesConnection && !loop.isStopping
      && response.framing(inVersion11: incoming.isVersion11) != .untilClose
      && (body?.isDrainable(service.limits) ?? true)
  }

  /// False when the peer did not get all of it; the connection is reset then.
  private nonisolated(nonsending) func sendWhole(_ response: Response, to incoming: Incoming, keepsAlive: Bool)
    async -> Bool
  {
    do {
      try await answer(response, to: incoming, keepsAlive: keepsAlive)
      return true
    } catch {
      fail(error)
      return false
    }
  }

  /// Reads what the handler left, within bounds. True when the body's end was reached.
  private nonisolated(nonsending) func drain(_ body: ConnectionBody?) async -> Bool {
    guard let body else { return true }
    guard isOpen, body.isDrainable(service.limits) else { return false }
    var drained: Int64 = 0
    do {
      while drained <= service.limits.drainBytes {
        guard let piece = try await body.next() else { return true }
        drained += Int64(piece.count)
      }
    } catch {
      return false
    }
    return false
  }

  /// A head that cannot be trusted: the answer says why, and the connection ends with it.
  func refuse(_ refusal: HeadRefusal) {
    service.counters.refusedHeads.add(1, ordering: .relaxed)
    answerAndEnd(status: refusal.status, reason: refusal.reason)
  }

  func headIsLate() {
    if input.isEmpty { return close() }
    service.counters.lateHeads.add(1, ordering: .relaxed)
    answerAndEnd(status: 408, reason: "the request's head did not come in time")
  }

  /// Small enough for any socket's buffer; what does not fit is lost with the connection.
  private func answerAndEnd(status: Int, reason: String) {
    var head: [UInt8] = []
    let text = Array("\(reason)\n".utf8)
    AnswerHead(
      status: status, fields: Fields([("Content-Type", "text/plain; charset=utf-8")]),
      framing: .length(Int64(text.count)), connection: .close
    ).write(to: &head, date: loop.date.current())
    head.append(contentsOf: text)
    _ = head.withUnsafeBytes { transport.send(socket, $0, more: false) }
    endAfterAnswer(hasUnread: true)
  }

  /// Closing a socket that holds unread bytes resets it, and the reset may overtake the answer: so the answer's end is
  /// sent first and the rest thrown away for a while.
  private func endAfterAnswer(hasUnread: Bool) {
    guard hasUnread || canRead, !inputEnds || hasUnread else { return close() }
    phase = .lingering
    input.removeAll()
    transport.end()
    shutdown(socket, Int32(SHUT_WR))
    setDeadline(after: loop.isStopping ? service.patience.lingerWhileStopping : service.patience.linger)
    discard()
  }

  /// The phase is `lingering`: throws away what came, and closes at the peer's end or at the bound.
  func discard() {
    var discarded = 0
    while isOpen, canRead {
      guard discarded < service.limits.bytesPerTurn else {
        loop.execute { self.discard() }
        return
      }
      let count = recv(socket, loop.scratch.baseAddress, loop.scratch.count, Int32(MSG_TRUNC))
      if count > 0 {
        discarded += count
        lingeredBytes += Int64(count)
        if lingeredBytes > service.limits.lingerBytes { close() }
      } else if count < 0, errno == EAGAIN {
        canRead = false
      } else {
        close()
      }
    }
  }
}

extension ConnectionBody {
  /// Whether the rest is small enough to be read and thrown away for the connection's sake. A client that was never told
  /// to go on may send its body or not: nobody can tell, so that connection ends (RFC 9110 §10.1.1).
  func isDrainable(_ limits: WireLimits) -> Bool {
    switch rest {
    case .none: true
    case .length(let remaining): remaining <= limits.drainBytes && !owesContinue
    case .chunked, .failed: false
    }
  }
}

/// The body of a request that has none.
private struct EmptyBody: RequestBody {
  static let one = EmptyBody()

  var length: Int64? { 0 }

  func next() async throws(BodyError) -> [UInt8]? { nil }
}
