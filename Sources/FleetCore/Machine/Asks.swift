import RegistryCore

/// A question that is under way.
struct Ask: Sendable {
  enum Purpose: Sendable {
    /// The probe of SWIM, too.
    case exchange
    case compare(begun: Int64)
    case pull([WriterID], begun: Int64)
    case push
    case news
    /// For another member, whether this one is there.
    case probe(of: NodeID)
    /// On behalf of a member that asked.
    case relay(ReplyToken)
    case ownHeads
    /// What its clock says.
    case clock
    case hunt(WriterID)
  }

  let peer: NodeID
  let purpose: Purpose
  let sent: Moment
}

/// The questions under way, and when each is given up: in the order in which they were asked.
struct Asks: Sendable {
  private var asks: [FleetToken: Ask] = [:]
  private var order: [FleetToken] = []
  private var first = 0

  var count: Int { asks.count }

  mutating func add(_ token: FleetToken, _ ask: Ask) {
    asks[token] = ask
    order.append(token)
  }

  mutating func take(_ token: FleetToken) -> Ask? { asks.removeValue(forKey: token) }

  /// Of the eldest one.
  var deadline: Int64? {
    order[first...].lazy.compactMap { asks[$0] }.first.map { $0.sent.monotonic + FleetLimits.askMilliseconds }
  }

  mutating func takeOverdue(_ now: Int64) -> [Ask] {
    var overdue: [Ask] = []
    while first < order.count {
      if let ask = asks[order[first]] {
        guard ask.sent.monotonic + FleetLimits.askMilliseconds <= now else { break }
        asks[order[first]] = nil
        overdue.append(ask)
      }
      first += 1
    }
    if first > 64, first * 2 > order.count {
      order.removeFirst(first)
      first = 0
    }
    return overdue
  }
}

/// What the ledger was asked for.
enum Store: Sendable {
  struct Admitting: Sendable {
    let run: ClaimRun
    let hops: Int64
    let peer: NodeID
  }

  case admit([Admitting], Fetch?)
  /// For a member that pulls.
  case reply(ReplyToken)
  /// For a member that lacks it.
  case push(NodeID)
  /// Where a log ends that counts only up to there.
  case cut(WriterID, at: Int64)
  case hunt(WriterID)
  /// The last claim of this node.
  case ownEnd
  /// A claim of this node, in the search for the first that is dated ahead.
  case ahead

  /// The pull that brought it.
  struct Fetch: Sendable {
    let peer: NodeID
    let writers: [WriterID]
    let begun: Int64
  }
}
