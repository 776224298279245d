/// What is tried on who has what: what members tell and ask each other. Compiled together with the cores' own files by
/// `Tests/Fuzz/run`.
///
/// The input is a conversation with one node: a bencoded list of dictionaries, each with a `batch`, a `question` or an
/// `answer` as it stands in a message, and with `m`, which member says it, and `w`, how many milliseconds after the one before.
///
/// Beyond not crashing: what is accepted says the same when it is written again; the book keeps to its bounds, counts what it
/// holds, and answers with nobody who did not tell it so in time.
func fuzzLocate(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  let limits = BencodeDocument.Limits(bytes: 8192, depth: 6, values: 512)
  guard let items = try? BencodeDocument(bytes, within: limits).root.items else { return 0 }
  var talk = Talk()
  for item in items { talk.hear(item) }
  talk.end()
  return 0
}

private struct Talk {
  private static let members: Range<UInt8> = 1..<6

  private var book: LeaseBook
  private var now: Int64 = 0
  private let node = Self.node(9)
  /// When each member was last kept.
  private var kept: [NodeID: Int64] = [:]

  init() {
    var limits = LeaseLimits()
    (limits.leasesOfMember, limits.leases, limits.members) = (5, 12, 4)
    book = LeaseBook(limits: limits)
  }

  private static func node(_ number: UInt8) -> NodeID {
    guard let node = NodeID([UInt8](repeating: number, count: NodeID.byteCount)) else {
      preconditionFailure("32 bytes")
    }
    return node
  }

  mutating func hear(_ item: BencodeView) {
    now += min(max(0, item["w"]?.integer ?? 0), 100_000)
    let number = UInt8(truncatingIfNeeded: (item["m"]?.integer ?? 0) & 3) + Self.members.lowerBound
    let member = Self.node(number)
    if let batch = item["batch"].flatMap({ LeaseBatch($0) }) { take(batch, from: member) }
    if let question = item["question"].flatMap({ LocateQuestion($0) }) { answer(question, to: member) }
    if let answer = item["answer"].flatMap({ LocateAnswer($0) }) {
      precondition(FleetMessage(bytes: FleetMessage.located(answer).bytes) == .located(answer), "told on otherwise")
    }
    if item["expire"] != nil { book.expire(at: now) }
    check()
  }

  private mutating func take(_ batch: LeaseBatch, from member: NodeID) {
    // In the order in which it is written: the kinds of change one behind the other.
    let again = FleetMessage(bytes: FleetMessage.announce(batch).bytes)
    guard case .announce(let same)? = again, same.bencoded.encoded == batch.bencoded.encoded,
      Set(same.changes) == Set(batch.changes)
    else {
      preconditionFailure("told on otherwise")
    }
    if book.take(batch, from: member, at: now) == .kept { kept[member] = now }
  }

  private func answer(_ question: LocateQuestion, to member: NodeID) {
    precondition(FleetMessage(bytes: FleetMessage.locate(question).bytes) == .locate(question), "told on otherwise")
    let answer = book.answer(question, from: member, at: now, here: (node, nil)) { digest in
      digest.hash.first.map { $0 & 1 == 0 } == true ? .complete : nil
    }
    precondition(answer.holders.count == question.digests.count, "not one row for each digest")
    for holder in answer.holders.joined() where holder.node != node {
      precondition(holder.node != member, "the asker is told of itself")
      let isInTime = kept[holder.node].map { now < $0 + book.limits.leaseMilliseconds } ?? false
      precondition(isInTime, "nobody told so in time")
    }
    precondition(FleetMessage(bytes: FleetMessage.located(answer).bytes) == .located(answer), "told on otherwise")
  }

  private func check() {
    precondition(book.count <= book.limits.leases && book.memberCount <= book.limits.members, "out of bounds")
    let pages = book.pages.compactMap { $0?.count }
    precondition(pages.allSatisfy { $0 <= book.limits.leasesOfMember }, "one member has too many")
    precondition(pages.reduce(0, +) == book.count, "pages hold other leases than are counted")
    precondition(book.seats.values.reduce(0) { $0 + $1.count } == book.count, "seats are not those of the pages")
  }

  mutating func end() {
    for number in Self.members { book.forget(Self.node(number)) }
    precondition(book.count == 0 && book.memberCount == 0 && book.seats.isEmpty, "something is left of nobody")
  }
}
