import RegistryCore

/// What happens to a node, as its machine hears it.
public enum FleetInput: Sendable {
  /// The first input: what is in the ledger.
  case started(writer: WriterID, heads: [WriterID: ClaimHead])
  /// It is as late as the machine asked to be woken.
  case woke
  /// Somebody here waits to know the latest.
  case refresh
  case asked(NodeID, ReplyToken, FleetMessage)
  case answered(FleetToken, FleetMessage)
  /// By whom a question went, it will not be answered. Said or not: the machine has its own deadline for each.
  case unanswered(FleetToken)
  /// This node wrote claims, and they are durable.
  case wrote(ClaimRun)
  /// What became of each run of an `admit`, in its order; `nil`: the ledger failed.
  case admitted(FleetToken, [Admission?])
  /// What a `read` found; logs of which nothing is there are left out.
  case runs(FleetToken, [ClaimRun])
  /// From now on this node writes so.
  case began(WriterID)
  /// This node has shortened its log.
  case shortened(ShortenedLog)
  /// An issuer on this node says something.
  case issued(DirectoryNews)
  /// What this node says of itself from now on, signed.
  case introduced(MemberCard)
  /// What this node says of itself from now on, with each exchange; how far it is behind is said by the machine.
  case told(Bulletin)
}

/// What the machine wants done. Each is done in the order in which it comes; what has a token is told of as an input.
public enum FleetEffect: Sendable {
  /// Answered within `FleetLimits.askMilliseconds`, or not at all.
  case ask(NodeID, FleetToken, FleetMessage)
  case reply(ReplyToken, FleetMessage)
  /// All of these were checked.
  case admit(FleetToken, [ClaimRun])
  /// As many claims of these logs, in this order, as fit into so many bytes, and at least one.
  case read(FleetToken, [Want], byteLimit: Int)
  case apply(NameRules)
  /// From now on this node writes under an epoch above this one and all that the ledger knows. To be told by `began`, and
  /// what is restated by `wrote` after it.
  case beginEpoch(above: Int64, restating: ClaimStretch?)
  /// To be kept over a restart, before anybody is told: the directory and the cards have taken it.
  case keep(DirectoryNews, [MemberCard])
  case writing(WriteGate)
  /// The members agree that this node's clock is off: from now on what they say is due by it and so much on top.
  case correctClock(by: Int64)
  case member(NodeID, MemberState)
  /// To be woken at this time of the monotonic clock, if not before.
  case wake(at: Int64)
  case noticed(FleetNotice)
}

/// Whether this node may write names now.
public enum WriteGate: Hashable, Sendable {
  case open
  /// It is not known yet which numbers this node has used: it has just started, or begins a new epoch.
  case settling
  /// The clocks of the members are ahead of this node's by so much.
  case clockOff(milliseconds: Int64)
  /// The node was removed.
  case stranger
}

/// What an operator would want to read.
public enum FleetNotice: Hashable, Sendable {
  /// A member sent what no honest one sends.
  case shunned(NodeID, Misdeed)
  /// A writer used a number twice; what it wrote from there on does not count.
  case forked(WriterID, at: Int64)
  /// Members know more of what this node wrote than it does: an old disk.
  case restored(WriterID)
  /// This node's clock was far ahead when it wrote this, and from there on says it again.
  case redated(WriterID, from: Int64)

  public enum Misdeed: Hashable, Sendable {
    case claims(ClaimRun.Fault)
    /// Claims are left out of a young log.
    case withheld(WriterID, after: Int64)
    case statement
  }
}

public struct FleetToken: Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Named by who hands a question in, to know the answer by.
public struct ReplyToken: Hashable, Sendable {
  public let rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

public struct Moment: Hashable, Sendable {
  /// Never steps back.
  public let monotonic: Int64
  /// Since 1970.
  public let wall: Int64

  public init(monotonic: Int64, wall: Int64) {
    (self.monotonic, self.wall) = (monotonic, wall)
  }
}
