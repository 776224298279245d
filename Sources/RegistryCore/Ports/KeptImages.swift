/// The images that this node is bound to keep, of those that are present: what a restart must not make it forget.
///
/// Contract, checked by `KeptImagesContract`: each change is durable on return. What is present no more is in no list and is
/// not kept, and when it comes to be present again nobody remembers that it was.
public protocol KeptImages: Sendable {
  /// Present images behind a position, in the order of these.
  func images(after position: Int64, limit: Int) async throws(RegistryError) -> [PresentImage]

  /// Those of them that are kept and not whole yet, and were named in such a time.
  func lackingImages(
    after position: Int64, limit: Int, named: Range<HybridTime>
  ) async throws(RegistryError) -> [PresentImage]

  /// `nil`: it is not present.
  func image(_ name: ImageName) async throws(RegistryError) -> PresentImage?

  /// Keeps an image from now on. What is kept already stays as it is, but for what has become whole. `false`: it is not
  /// present.
  func keep(_ name: ImageName, isWhole: Bool) async throws(RegistryError) -> Bool

  /// Says something else of an image that is kept. One that is not is not kept for that.
  func note(_ keeping: Keeping, of name: ImageName) async throws(RegistryError)

  /// - Parameter name: `nil`: all of them.
  func letGo(_ name: ImageName?) async throws(RegistryError)

  func keptTotals() async throws(RegistryError) -> KeptTotals
}

/// What is remembered of an image that this node keeps.
public struct Keeping: Hashable, Sendable {
  /// Of other keepers so many are remembered.
  public static let othersLimit = 64

  /// As far as is known: bytes may rot.
  public let isWhole: Bool
  /// Other members that said that they keep it, in the order of their IDs.
  public let others: [NodeID]

  public init(isWhole: Bool, others: some Sequence<NodeID> = []) {
    self.isWhole = isWhole
    self.others = Array(others.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.prefix(Self.othersLimit))
  }
}

public struct PresentImage: Hashable, Sendable {
  /// Rises in the order in which this node heard of them. That of one that went may be used again, for a later one.
  public let position: Int64
  public let name: ImageName
  /// When its standing claim was made.
  public let clock: HybridTime
  /// `nil`: this node need not keep it.
  public let keeping: Keeping?

  public init(position: Int64, name: ImageName, clock: HybridTime, keeping: Keeping?) {
    (self.position, self.name, self.clock, self.keeping) = (position, name, clock, keeping)
  }
}

public struct KeptTotals: Hashable, Sendable {
  public var images: Int64
  /// Of these, the ones that are not whole here yet.
  public var lacking: Int64

  public init(images: Int64 = 0, lacking: Int64 = 0) { (self.images, self.lacking) = (images, lacking) }
}
