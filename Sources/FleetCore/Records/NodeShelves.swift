import RegistryCore

/// Values by node, in the order of the nodes' IDs; as cheap to copy as the list of nodes.
struct NodeShelves<Value: Sendable>: Sendable {
  private(set) var nodes = NodeList()
  private var values = [[Value]](repeating: [], count: NodeList.shelfCount)

  var count: Int { nodes.count }

  /// The values of one shelf.
  func shelf(_ index: Int) -> [Value] { values[index] }

  subscript(node: NodeID) -> Value? {
    get {
      let place = nodes.place(of: node)
      return place.isHere ? values[NodeList.shelf(of: node)][place.at] : nil
    }
    set {
      let (place, shelf) = (nodes.place(of: node), NodeList.shelf(of: node))
      switch (newValue, place.isHere) {
      case (let value?, true): values[shelf][place.at] = value
      case (let value?, false):
        nodes.insert(node)
        values[shelf].insert(value, at: place.at)
      case (nil, true):
        nodes.remove(node)
        values[shelf].remove(at: place.at)
      case (nil, false): break
      }
    }
  }
}
