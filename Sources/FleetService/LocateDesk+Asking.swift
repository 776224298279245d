import FleetCore
import RegistryCore

extension LocateDesk {
  /// Members that are said to have a blob, the one to try first at the front. A rumour: they are asked themselves before
  /// they are believed, and what they are asked is for this repository.
  /// - Parameters:
  ///   - others: blobs that will be looked for next; they are asked for in the same question.
  ///   - writer: asked last, when nobody else knows any: it had the blobs when it wrote.
  public func holders(
    of digest: Digest, beside others: [Digest], in repository: RepositoryName, writer: NodeID?
  ) async -> [NodeID] {
    await located(digest, beside: others, in: repository, writer: writer).filter { $0.holding != .wanted }.map(\.node)
  }

  /// The same, and those that are getting it.
  public func peers(
    of digest: Digest, beside others: [Digest], in repository: RepositoryName, writer: NodeID?
  ) async -> [NodeID] {
    await located(digest, beside: others, in: repository, writer: writer).map(\.node)
  }

  private func located(
    _ digest: Digest, beside others: [Digest], in repository: RepositoryName, writer: NodeID?
  ) async -> [Holder] {
    guard let circle = currentCircle else { return [] }
    let now = now
    let own = LocateQuestion(repository: repository, digests: [digest], zone: zone)
    let (known, sought) = state.withLock { state -> ([Holder], [Digest]) in
      if let found = state.finds.holders(of: digest, at: now) { return (found, []) }
      let answer = own.map { state.book.answer($0, from: node, at: now, here: (node, zone)) { _ in nil } }
      let told = answer?.holders.first ?? []
      guard told.isEmpty, !state.hasEnded else { return (told, []) }
      let sought = Self.sought([digest] + others, in: state, at: now)
      state.finds.seek(sought)
      return ([], sought)
    }
    if !known.isEmpty { return usable(known, circle) }
    if let question = LocateQuestion(repository: repository, digests: sought, zone: zone) {
      // Unstructured: whoever waits for one of the blobs does not wait for the others. It ends with its deadlines.
      Task { await self.run(LocateSearch(question, writer: { _ in writer }, me: self.node, at: now), sought, circle) }
    }
    return usable(await found(digest), circle)
  }

  /// None of them had it.
  public func forget(_ digest: Digest) { state.withLock { $0.finds.forget(digest) } }

  private static func sought(_ digests: [Digest], in state: State, at now: Int64) -> [Digest] {
    var seen: Set<Digest> = []
    let sought = digests.filter {
      !state.finds.isSought($0) && state.finds.holders(of: $0, at: now) == nil && seen.insert($0).inserted
    }
    return Array(sought.prefix(LocateQuestion.digestLimit))
  }

  /// Near ones first as they were told, whole blobs before parts and wishes, and nobody who is away or no member.
  private func usable(_ holders: [Holder], _ circle: LocateCircle) -> [Holder] {
    let usable = holders.filter { $0.node != node && circle.members.contains($0.node) && !circle.isAway($0.node) }
    return FleetCore.Holding.allCases.flatMap { holding in usable.filter { $0.holding == holding } }
  }

  private func found(_ digest: Digest) async -> [Holder] {
    await withUnsafeContinuation { continuation in
      let now = now
      let found: [Holder]? = state.withLock { state in
        if state.finds.isSought(digest) {
          state.finds.wait(for: digest, continuation)
          return nil
        }
        return state.finds.holders(of: digest, at: now) ?? []
      }
      if let found { continuation.resume(returning: found) }
    }
  }

  // MARK: - A search

  private enum Event: Sendable {
    case answered(NodeID, LocateAnswer)
    case unanswered(NodeID)
    case late
  }

  private func run(_ search: LocateSearch, _ digests: [Digest], _ circle: LocateCircle) async {
    var search = search
    await withTaskGroup(of: Event.self) { group in
      var steps = search.begin(at: now) { digest in
        Rendezvous.ranked(circle.members, for: digest, limit: LocateSearch.Patience().askedAtOnce + 1)
          .filter { !circle.isAway($0) }
      }
      var alarm: Int64?
      while !note(steps, at: now) {
        for case .ask(let member, let question) in steps {
          group.addTask { await self.ask(member, question, circle) }
        }
        if let deadline = search.deadline, deadline != alarm {
          alarm = deadline
          group.addTask { [pause = deadline - now] in await Self.wait(milliseconds: pause) }
        }
        switch await group.next() {
        case .answered(let member, let answer): steps = search.answered(member, answer, at: now)
        case .unanswered(let member): steps = search.unanswered(member, at: now)
        case .late, nil: steps = search.tick(at: now)
        }
      }
      group.cancelAll()
    }
    // All have been told of by now; this says so should the search ever end otherwise.
    for digest in digests { resume(state.withLock { $0.finds.over(digest) }, []) }
  }

  /// - Returns: it is over.
  private func note(_ steps: [LocateSearch.Step], at now: Int64) -> Bool {
    for case .found(let digest, let holders) in steps {
      resume(state.withLock { $0.finds.found(digest, holders, at: now) }, holders)
    }
    for case .nobody(let digest) in steps { resume(state.withLock { $0.finds.over(digest) }, []) }
    return steps.contains(.done)
  }

  private func resume(_ waiters: [LocateFinds.Waiter], _ holders: [Holder]) {
    for waiter in waiters { waiter.resume(returning: holders) }
  }

  private func ask(_ member: NodeID, _ question: LocateQuestion, _ circle: LocateCircle) async -> Event {
    let answer = await peers.ask(member, at: circle.addresses(member), .locate(question))
    guard case .located(let located) = answer else { return .unanswered(member) }
    return .answered(member, located)
  }

  private static func wait(milliseconds: Int64) async -> Event {
    // Cancelled: the search is over.
    try? await Task.sleep(for: .milliseconds(max(0, milliseconds) + 1))
    return .late
  }
}
