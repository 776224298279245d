import RegistryCore

/// One question for who has some blobs, from asking to verdict: events in, steps out.
///
/// For each digest the members that rank highest for it are asked at once, under one deadline. What one of them names is
/// told on at once. When all have named nobody, or have not answered in time, the writer of the name is asked, who had the
/// bytes when he wrote; after that nobody has them.
public struct LocateSearch: Sendable {
  public struct Patience: Hashable, Sendable {
    public var askedAtOnce = 5
    /// Until which the members that rank are waited for.
    public var milliseconds: Int64 = 250
    /// And then the writer.
    public var writerMilliseconds: Int64 = 250

    public init() {}
  }

  public enum Step: Hashable, Sendable {
    case ask(NodeID, LocateQuestion)
    /// Holders that were not told of before. More may follow.
    case found(Digest, [Holder])
    /// Nobody has it, as far as can be known in time.
    case nobody(Digest)
    /// The last step of all.
    case done
  }

  private enum Stage: Hashable { case ranked, writer, over }

  private struct Hunt: Sendable {
    var stage = Stage.ranked
    /// How long those that were asked are waited for.
    var until: Int64
    var asked: Set<NodeID> = []
    var open: Set<NodeID> = []
    var known: Set<Holder> = []
  }

  private let repository: RepositoryName
  private let zone: Zone?
  private let digests: [Digest]
  private let writer: @Sendable (Digest) -> NodeID?
  private let me: NodeID
  private let patience: Patience
  private var hunts: [Digest: Hunt] = [:]
  /// What each member was asked and has not answered.
  private var questions: [NodeID: [LocateQuestion]] = [:]
  private var isDone = false

  /// - Parameters:
  ///   - writer: who wrote the claim that names the digest.
  ///   - me: never asked; what its own book says is the caller's to look up first.
  public init(
    _ question: LocateQuestion, writer: @escaping @Sendable (Digest) -> NodeID?, me: NodeID, at now: Int64,
    patience: Patience = Patience()
  ) {
    (repository, zone, digests) = (question.repository, question.zone, question.digests)
    (self.writer, self.me, self.patience) = (writer, me, patience)
    for digest in digests { hunts[digest] = Hunt(until: now + patience.milliseconds) }
  }

  /// When to call `tick`; `nil`: no more.
  public var deadline: Int64? { hunts.values.filter { $0.stage != .over }.map(\.until).min() }

  /// - Parameter ranked: the members that rank highest for a digest, best first (`Rendezvous`).
  public mutating func begin(at now: Int64, ranked: (Digest) -> [NodeID]) -> [Step] {
    var asks: [(NodeID, Digest)] = []
    for digest in digests {
      for node in ranked(digest).filter({ $0 != me }).prefix(patience.askedAtOnce) { asks.append((node, digest)) }
    }
    return ask(asks) + settle(at: now)
  }

  public mutating func answered(_ node: NodeID, _ answer: LocateAnswer, at now: Int64) -> [Step] {
    guard let question = nextQuestion(of: node) else { return [] }
    var steps: [Step] = []
    // An answer to fewer digests names nobody for the others.
    for (digest, holders) in zip(question.digests, answer.holders) {
      guard let hunt = hunts[digest], hunt.stage != .over || !hunt.known.isEmpty else { continue }
      let new = holders.filter { $0.node != me && !hunt.known.contains($0) }
      guard !new.isEmpty else { continue }
      hunts[digest]?.known.formUnion(new)
      steps.append(.found(digest, new))
    }
    close(question, of: node)
    return steps + settle(at: now)
  }

  public mutating func unanswered(_ node: NodeID, at now: Int64) -> [Step] {
    guard let question = nextQuestion(of: node) else { return [] }
    close(question, of: node)
    return settle(at: now)
  }

  public mutating func tick(at now: Int64) -> [Step] {
    for digest in digests { if let hunt = hunts[digest], hunt.until <= now { hunts[digest]?.open = [] } }
    return settle(at: now)
  }
}

extension LocateSearch {
  private mutating func nextQuestion(of node: NodeID) -> LocateQuestion? {
    guard !isDone, let question = questions[node]?.first else { return nil }
    questions[node]?.removeFirst()
    return question
  }

  private mutating func close(_ question: LocateQuestion, of node: NodeID) {
    for digest in question.digests { hunts[digest]?.open.remove(node) }
  }

  /// One question for each member, with all digests that it is to be asked.
  private mutating func ask(_ asks: [(NodeID, Digest)]) -> [Step] {
    var order: [NodeID] = []
    var digests: [NodeID: [Digest]] = [:]
    for (node, digest) in asks {
      if digests[node] == nil { order.append(node) }
      digests[node, default: []].append(digest)
      hunts[digest]?.open.insert(node)
      hunts[digest]?.asked.insert(node)
    }
    return order.compactMap { node in
      guard let question = LocateQuestion(repository: repository, digests: digests[node] ?? [], zone: zone) else {
        return nil
      }
      questions[node, default: []].append(question)
      return .ask(node, question)
    }
  }

  /// Moves every digest on that waits for nobody any more.
  private mutating func settle(at now: Int64) -> [Step] {
    guard !isDone else { return [] }
    var steps: [Step] = []
    var asks: [(NodeID, Digest)] = []
    for digest in digests {
      guard let hunt = hunts[digest], hunt.stage != .over, hunt.open.isEmpty else { continue }
      if hunt.stage == .ranked, hunt.known.isEmpty, let writer = writer(digest), writer != me,
        !hunt.asked.contains(writer)
      {
        hunts[digest]?.stage = .writer
        hunts[digest]?.until = now + patience.writerMilliseconds
        asks.append((writer, digest))
      } else {
        hunts[digest]?.stage = .over
        if hunt.known.isEmpty { steps.append(.nobody(digest)) }
      }
    }
    steps += ask(asks)
    isDone = hunts.values.allSatisfy { $0.stage == .over }
    return isDone ? steps + [.done] : steps
  }
}
