import RegistryCore

/// Nodes in the order of their IDs, each once. Cheap to copy, to count, to walk through and to pick from.
///
/// On 256 shelves by an ID's first byte: a change copies one shelf and the row of shelves. So ten thousand nodes of one
/// process, which know nearly the same members, share nearly all of the list.
public struct NodeList: Sendable {
  static let shelfCount = 256

  private var shelves = [[NodeID]](repeating: [], count: shelfCount)
  /// How many stand before each shelf.
  private var starts = [Int32](repeating: 0, count: shelfCount)
  public private(set) var count = 0

  public init() {}

  public init(_ nodes: some Sequence<NodeID>) { for node in nodes { insert(node) } }

  public func contains(_ node: NodeID) -> Bool { place(of: node).isHere }

  static func shelf(of node: NodeID) -> Int { Int(node.bytes[0]) }

  func shelf(_ index: Int) -> [NodeID] { shelves[index] }

  /// Where on its shelf a node stands, or belongs.
  func place(of node: NodeID) -> (at: Int, isHere: Bool) {
    let shelf = shelves[Self.shelf(of: node)]
    var (low, high) = (0, shelf.count)
    while low < high {
      let middle = (low + high) / 2
      if shelf[middle].bytes.lexicographicallyPrecedes(node.bytes) { low = middle + 1 } else { high = middle }
    }
    return (low, low < shelf.count && shelf[low] == node)
  }

  /// - Returns: `false`: it was here.
  @discardableResult
  mutating func insert(_ node: NodeID) -> Bool {
    let place = place(of: node)
    guard !place.isHere else { return false }
    let shelf = Self.shelf(of: node)
    shelves[shelf].insert(node, at: place.at)
    move(behind: shelf, by: 1)
    return true
  }

  /// - Returns: `false`: it was not here.
  @discardableResult
  mutating func remove(_ node: NodeID) -> Bool {
    let place = place(of: node)
    guard place.isHere else { return false }
    let shelf = Self.shelf(of: node)
    shelves[shelf].remove(at: place.at)
    move(behind: shelf, by: -1)
    return true
  }

  private mutating func move(behind shelf: Int, by step: Int32) {
    count += Int(step)
    for later in starts.indices.dropFirst(shelf + 1) { starts[later] += step }
  }
}

extension NodeList: RandomAccessCollection {
  public var startIndex: Int { 0 }

  public var endIndex: Int { count }

  public subscript(position: Int) -> NodeID {
    precondition(0..<count ~= position, "no node stands here")
    // The last shelf that begins at or before the position: shelves without nodes begin where the next one does.
    var (low, high) = (0, Self.shelfCount - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if Int(starts[middle]) <= position { low = middle } else { high = middle - 1 }
    }
    return shelves[low][position - Int(starts[low])]
  }

  /// Without the search that a position costs.
  public func makeIterator() -> Iterator { Iterator(shelves) }

  public struct Iterator: IteratorProtocol {
    private let shelves: [[NodeID]]
    private var (shelf, place) = (0, 0)

    fileprivate init(_ shelves: [[NodeID]]) { self.shelves = shelves }

    public mutating func next() -> NodeID? {
      while shelf < shelves.count, place == shelves[shelf].count { (shelf, place) = (shelf + 1, 0) }
      guard shelf < shelves.count else { return nil }
      defer { place += 1 }
      return shelves[shelf][place]
    }
  }
}
