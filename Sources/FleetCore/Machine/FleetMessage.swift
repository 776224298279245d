import RegistryCore

/// What members ask and answer each other.
public enum FleetMessage: Hashable, Sendable {
  /// Asked every few seconds of a few members, and answered with the same: do we know the same, and are you there?
  case exchange(Greeting)
  /// What the asker has of one part of the writers; answered with `heads`.
  case compare(Comparison)
  /// Where the two differ, as the one who answers has it; also the answer to `ownHeads`.
  case heads([WriterHead])
  /// Answered with `runs`.
  case pull([Want])
  case runs([ClaimRun])
  /// News, answered with `taken`.
  case push(Gossip)
  /// What the asker knows of members, shelf by shelf; answered with `push`.
  case news(directory: ShelfSums, cards: ShelfSums)
  /// Can you reach this member? Answered with `probed`.
  case probe(NodeID)
  case probed(Bool)
  /// What do you have of me? Answered with `heads`.
  case ownHeads
  case taken
  /// What the teller has, for those who are asked for it; answered with `receipt`. (`LeaseBook`, not the machine.)
  case announce(LeaseBatch)
  case receipt(LeaseReceipt)
  /// Who has these? Answered with `located`.
  case locate(LocateQuestion)
  case located(LocateAnswer)
  /// Not now.
  case busy
  /// Of a later release; answered with `unsupported`.
  case unknown
  case unsupported
}

/// What a member knows, in a few words.
public struct Greeting: Hashable, Sendable {
  public var heads: HeadsDigest
  public var directory: DirectoryDigest
  public var cards: DirectoryDigest
  /// Of its own card.
  public var incarnation: Int64
  /// Its wall clock, in milliseconds.
  public var wall: Int64
  public var suspicions: [Suspicion]
  public var bulletin: Bulletin
  /// How often it has shortened its log since it started; `nil`: an earlier release, which does not tell.
  public var shortenings: Int64?

  public init(
    heads: HeadsDigest, directory: DirectoryDigest, cards: DirectoryDigest, incarnation: Int64, wall: Int64,
    suspicions: [Suspicion], bulletin: Bulletin = Bulletin(), shortenings: Int64? = nil
  ) {
    self.shortenings = shortenings
    (self.heads, self.directory, self.cards) = (heads, directory, cards)
    (self.incarnation, self.wall, self.suspicions) = (incarnation, wall, suspicions)
    self.bulletin = bulletin
  }
}

/// That a member did not answer, at a time when this was its latest card. A later card of it refutes that.
public struct Suspicion: Hashable, Sendable {
  public let node: NodeID
  public let incarnation: Int64

  public init(node: NodeID, incarnation: Int64) {
    (self.node, self.incarnation) = (node, incarnation)
  }
}

/// Where a writer's log ends, as it is compared: the hash only to see whether it is the same log.
public struct WriterHead: Hashable, Sendable {
  public let writer: WriterID
  public let sequence: Int64
  /// The first eight bytes.
  public let hash: UInt64

  public init(writer: WriterID, sequence: Int64, hash: UInt64) {
    (self.writer, self.sequence, self.hash) = (writer, sequence, hash)
  }
}

/// The heads of those writers who are in one of several parts. With few writers there is one part.
public struct Comparison: Hashable, Sendable {
  public static let partLimit: Int64 = 4096

  public let part: Int64
  public let parts: Int64
  public let heads: [WriterHead]

  /// `nil`: there is no such part.
  public init?(part: Int64, of parts: Int64, heads: [WriterHead]) {
    guard 1...Self.partLimit ~= parts, 0..<parts ~= part else { return nil }
    (self.part, self.parts, self.heads) = (part, parts, heads)
  }

  static func part(of writer: WriterID, among parts: Int64) -> Int64 {
    (Int64(writer.node.bytes[1]) << 8 | Int64(writer.node.bytes[2])) % parts
  }
}

/// What is wanted of a writer's log: what follows a number.
public struct Want: Hashable, Sendable {
  public let writer: WriterID
  public let after: Int64

  public init(writer: WriterID, after: Int64) {
    (self.writer, self.after) = (writer, after)
  }
}

/// What one member tells another unasked.
public struct Gossip: Hashable, Sendable {
  public struct Rumour: Hashable, Sendable {
    public let run: ClaimRun
    /// How many handed it on before.
    public let hops: Int64

    public init(_ run: ClaimRun, hops: Int64) {
      (self.run, self.hops) = (run, hops)
    }
  }

  public var rumours: [Rumour]
  public var news: DirectoryNews
  public var cards: [MemberCard]

  public init(rumours: [Rumour] = [], news: DirectoryNews = DirectoryNews(), cards: [MemberCard] = []) {
    (self.rumours, self.news, self.cards) = (rumours, news, cards)
  }

  public var isEmpty: Bool { rumours.isEmpty && news.isEmpty && cards.isEmpty }
}
