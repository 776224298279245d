/// What a member said of itself, and how long ago. What is absent it did not say.
public struct FleetBulletinDocument: Codable, Sendable {
  /// How much it holds, by its own count.
  public let blobs: Int64?
  public let bytes: Int64?
  /// How old what it knew may have been then.
  public let behindMilliseconds: Int64?
  public let certificateEndsAtSeconds: Int64?
  public let ageMilliseconds: Int64

  public init(
    blobs: Int64?, bytes: Int64?, behindMilliseconds: Int64?, certificateEndsAtSeconds: Int64?, ageMilliseconds: Int64
  ) {
    (self.blobs, self.bytes, self.ageMilliseconds) = (blobs, bytes, ageMilliseconds)
    (self.behindMilliseconds, self.certificateEndsAtSeconds) = (behindMilliseconds, certificateEndsAtSeconds)
  }
}

/// What this node keeps for its fleet.
public struct KeepingDocument: Codable, Sendable {
  /// It is bound to keep so many; of these, so many are not whole here yet.
  public let images: Int64
  public let lacking: Int64
  /// Since it started: images that came to be whole here because it keeps them, their bytes, and attempts that failed.
  public let broughtImages: Int64
  public let broughtBytes: Int64
  public let failures: Int64

  public init(images: Int64, lacking: Int64, broughtImages: Int64, broughtBytes: Int64, failures: Int64) {
    (self.images, self.lacking) = (images, lacking)
    (self.broughtImages, self.broughtBytes, self.failures) = (broughtImages, broughtBytes, failures)
  }
}

/// Who keeps an image.
public struct KeepersDocument: Codable, Sendable {
  /// As many as shall.
  public let replicas: Int
  /// Names of the members that said so just now, this node among them.
  public let keepers: [String]

  public init(replicas: Int, keepers: [String]) { (self.replicas, self.keepers) = (replicas, keepers) }
}

/// What this node has done as a member since it started.
public struct FleetWorkDocument: Codable, Sendable {
  /// How far its members' clocks are ahead of its own; absent: nobody was heard lately.
  public let clockAheadMilliseconds: Int64?
  /// When the certificate ends that it shows.
  public let certificateEndsAtSeconds: Int64
  /// Nodes of which it knows claims, each epoch of a node for itself.
  public let writers: Int
  public var exchanges: Int64 = 0
  public var asked: Int64 = 0
  public var unanswered: Int64 = 0
  public var answered: Int64 = 0
  public var claims: Int64 = 0
  public var refusedClaims: Int64 = 0
  public var shunned: Int64 = 0
  public var forks: Int64 = 0
  public var channelBytes: Int64 = 0
  /// Members that sent wrong bytes during the last hour; absent in what an earlier release says.
  public var bannedMembers: Int?
  /// Absent: blobs come over the channel alone.
  public var tunnels: FleetTunnelsDocument?

  public init(clockAheadMilliseconds: Int64?, certificateEndsAtSeconds: Int64, writers: Int) {
    self.clockAheadMilliseconds = clockAheadMilliseconds
    self.certificateEndsAtSeconds = certificateEndsAtSeconds
    self.writers = writers
  }
}

/// What swarms of members run in, since this node is in its fleet.
public struct FleetTunnelsDocument: Codable, Sendable {
  /// With a connection in them, and waiting for one.
  public let open: Int64
  public let idle: Int64
  public let receivedBytes: Int64
  public let sentBytes: Int64
  /// Connections that none carried.
  public let refused: Int64
  /// Members that did not answer.
  public let unreached: Int64

  public init(open: Int64, idle: Int64, receivedBytes: Int64, sentBytes: Int64, refused: Int64, unreached: Int64) {
    (self.open, self.idle, self.receivedBytes, self.sentBytes) = (open, idle, receivedBytes, sentBytes)
    (self.refused, self.unreached) = (refused, unreached)
  }
}

/// A fleet in a few numbers, as `shoal status` shows it.
public struct FleetSummaryDocument: Codable, Sendable {
  public let fleet: String
  public let members: Int
  public let alive: Int
  public let suspected: Int
  public let down: Int
  public let issuers: Int
  public let behindMilliseconds: Int64?
  public let refusesWrites: String?
  public let work: FleetWorkDocument
  /// Absent: an earlier release.
  public let keeping: KeepingDocument?

  init(_ fleet: FleetDocument) {
    func count(_ state: String) -> Int { fleet.members.count { $0.state == state } }
    self.fleet = fleet.fleet
    (members, alive) = (fleet.members.count, count("alive"))
    (suspected, down) = (count("suspected"), count("down"))
    issuers = fleet.members.count { $0.isIssuer }
    (behindMilliseconds, refusesWrites, work) = (fleet.behindMilliseconds, fleet.refusesWrites, fleet.work)
    keeping = fleet.keeping
  }
}
