import RegistryCore

/// Which address on this machine's loopback stands for which member: what a torrent engine bans and counts by address
/// stays with that member. No address is given to another one as long as the process lives, and none means anything
/// elsewhere.
public struct LoopbackBook: Sendable {
  /// This node's own, where its engine listens.
  public static let own = "127.77.0.1"
  /// 127.77.x.y, of y without 0 and 255, and without this node's own.
  public static let limit = 256 * 254 - 1

  private var places: [NodeID: Int] = [:]
  private var members: [Int: NodeID] = [:]

  public init() {}

  /// The same each time; where nothing stands in the way, also in the next life of the node. `nil`: all are given.
  public mutating func address(of member: NodeID) -> String? {
    if let place = places[member] { return Self.text(place) }
    guard members.count < Self.limit else { return nil }
    var place = member.bytes.prefix(8).reduce(0) { ($0 << 8 | Int($1)) % Self.limit }
    while members[place] != nil { place = (place + 1) % Self.limit }
    (places[member], members[place]) = (place, member)
    return Self.text(place)
  }

  /// Whose address it is.
  public func member(at address: String) -> NodeID? { Self.place(address).flatMap { members[$0] } }

  private static func text(_ place: Int) -> String { "127.77.\((place + 1) / 254).\((place + 1) % 254 + 1)" }

  private static func place(_ address: String) -> Int? {
    let parts = address.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "127", parts[1] == "77", let high = UInt8(parts[2]), let low = UInt8(parts[3]),
      1...254 ~= low, (high, low) != (0, 1)
    else { return nil }
    return Int(high) * 254 + Int(low) - 2
  }
}
