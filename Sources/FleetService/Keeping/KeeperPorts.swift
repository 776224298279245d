import FleetCore
import RegistryCore
import Telemetry

/// The outside of a node that keeps images for its fleet.
public struct KeeperPorts: Sendable {
  public let images: any KeptImages
  public let claims: any UnreadManifests
  public let hands: any KeeperHands
  public let peers: any KeeperPeers
  /// Whom it keeps images with now; `nil`: nobody, and it keeps what it has. Any thread; must not block.
  public let circle: @Sendable () -> KeeperCircle?
  public let clock: any WallClock
  /// Milliseconds that never step back.
  public let monotonic: @Sendable () -> Int64
  public let log: Logger
  public let meter: KeepMeter

  public init(
    images: any KeptImages, claims: any UnreadManifests, hands: any KeeperHands, peers: any KeeperPeers,
    circle: @escaping @Sendable () -> KeeperCircle?, clock: any WallClock, monotonic: @escaping @Sendable () -> Int64,
    log: Logger, meter: KeepMeter = KeepMeter()
  ) {
    (self.images, self.claims, self.hands, self.peers, self.circle) = (images, claims, hands, peers, circle)
    (self.clock, self.monotonic, self.log, self.meter) = (clock, monotonic, log, meter)
  }
}

/// What a keeper does with its own store.
public protocol KeeperHands: Sendable {
  /// What of an image is not whole here: the manifest alone where that is not, else blobs.
  /// - Throws: `manifestUnknown` when it is not present.
  func lacking(of name: ImageName) async throws(RegistryError) -> [Digest]

  /// Fetches one of these from whoever has it, and waits until it is here.
  /// - Returns: its size.
  func bring(_ part: Digest, of name: ImageName) async throws(RegistryError) -> Int64
}

/// What keepers ask each other. Each question has a deadline of its own.
public protocol KeeperPeers: Sendable {
  /// Whether a member keeps each of these and has all of it.
  func kept(_ names: [ImageName], by member: NodeID) async -> KeptAnswer

  /// Asks a member to keep an image from now on. Whether it does is seen by `kept`.
  func keep(_ name: ImageName, on member: NodeID) async
}

public enum KeptAnswer: Hashable, Sendable {
  /// One for each that was asked about.
  case kept([Bool])
  /// It keeps nothing for anybody.
  case unable
  /// It was asked too often, or has no room for the question just now.
  case busy
  /// It did not answer in time.
  case silent
}

/// What a node has done as a keeper since it started. It outlives a membership.
public final class KeepMeter: Sendable {
  /// Images that came to be whole here, those of them that replaced a copy or that a member asked for, and their bytes.
  public let images = Counter()
  public let repairs = Counter()
  public let bytes = Counter()
  /// Attempts at an image that did not make it whole.
  public let failures = Counter()
  /// Times that a member was asked to keep an image.
  public let told = Counter()
  /// Pushes that were not answered with 201, since too few kept them in time.
  public let unconfirmed = Counter()

  public init() {}
}
