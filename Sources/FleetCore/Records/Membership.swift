import RegistryCore

/// What a record says of a node: that it belongs to the fleet, or that it does no longer.
///
/// A removal keeps the node's key and name: what the node wrote while it belonged still counts, and whoever joins later
/// must be able to check it.
public struct Membership: Hashable, Sendable {
  /// Epochs of one node that a record can tell a last number of.
  public static let epochLimit = 2000
  static let lives = 1...Int64(UInt32.max)

  public let key: PublicKey
  public let name: NodeName
  public let isMember: Bool
  /// How often the node was let in, from 1. A removal ends the life that it names, and only one that knows of the removal
  /// can name a later life: who has not heard of it cannot undo it, however high his number is.
  public let life: Int64
  /// How much of each epoch's log counts, of the lives that have ended: what was cut off stays so when the node is let in
  /// again.
  public let limits: [Int64: Int64]

  /// `nil`: out of bounds.
  public init?(key: PublicKey, name: NodeName, isMember: Bool, life: Int64, limits: [Int64: Int64] = [:]) {
    guard Self.lives ~= life, limits.count <= Self.epochLimit,
      limits.allSatisfy({ $0.key >= 1 && $0.value >= 0 })
    else { return nil }
    (self.key, self.name, self.isMember) = (key, name, isMember)
    (self.life, self.limits) = (life, limits)
  }

  /// A later life stands above an earlier one, and a life's end above its beginning.
  var rank: (Int64, Int) { (life, isMember ? 0 : 1) }
}

extension Membership {
  /// A key that a later release adds is passed over.
  init?(content: ArraySlice<UInt8>) {
    let limits = BencodeDocument.Limits(
      bytes: FleetRecord.contentByteLimit, depth: 3, values: 2 * Self.epochLimit + 64)
    guard let root = try? BencodeDocument(Array(content), within: limits).root,
      let key = root["key"]?.bytes.flatMap(PublicKey.init), let life = root["life"]?.integer,
      let name = root["name"]?.text.flatMap(NodeName.init(parsing:)),
      let membership = root["member"]?.integer, 0...1 ~= membership,
      let numbers = root["limits"]?.items, numbers.count.isMultiple(of: 2),
      let limits = Self.limits(numbers.map(\.integer))
    else { return nil }
    self.init(key: key, name: name, isMember: membership == 1, life: life, limits: limits)
  }

  var content: [UInt8] {
    let numbers = limits.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    return BencodeValue.dictionary([
      "key": .bytes(key.bytes), "life": .integer(life), "limits": .list(numbers.map(BencodeValue.integer)),
      "member": .integer(isMember ? 1 : 0), "name": .text(name.text),
    ]).encoded
  }

  /// Epochs and their last numbers in turn, the epochs rising: one spelling.
  private static func limits(_ numbers: [Int64?]) -> [Int64: Int64]? {
    var limits: [Int64: Int64] = [:]
    var before: Int64 = 0
    for place in stride(from: 0, to: numbers.count, by: 2) {
      guard let epoch = numbers[place], let last = numbers[place + 1], epoch > before else { return nil }
      limits[epoch] = last
      before = epoch
    }
    return limits
  }
}
