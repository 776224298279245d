import RegistryCore

/// How much of a blob a node has, or whether it wants it.
public enum Holding: UInt8, Hashable, Sendable, CaseIterable {
  case complete = 1
  case partial = 2
  /// Nothing yet; it is fetching.
  case wanted = 3
}

/// A node that has a blob, has some of it or is getting it. A rumour: whoever acts on it bears that it is false.
public struct Holder: Hashable, Sendable {
  public static let byteCount = NodeID.byteCount + 1

  public let node: NodeID
  public let holding: Holding

  public init(_ node: NodeID, _ holding: Holding) {
    (self.node, self.holding) = (node, holding)
  }

  var bytes: [UInt8] { node.bytes + [holding.rawValue] }

  init?(bytes: ArraySlice<UInt8>) {
    guard bytes.count == Self.byteCount, let node = NodeID(Array(bytes.dropLast())),
      let holding = bytes.last.flatMap(Holding.init(rawValue:))
    else { return nil }
    self.init(node, holding)
  }
}
