/// Takes from shelves as much as fits into a message.
///
/// Nothing is remembered between two walks, and nothing is left out for ever: where a walk begins, in the row of shelves
/// and on the first of them, depends on its turn.
struct ShelfWalk {
  let shelves: [Int]
  let byteLimit: Int
  /// Any number, another one each time.
  let turn: UInt64

  /// At least one item, however large.
  func gather<Item>(from shelf: (Int) -> [Item], size: (Item) -> Int) -> [Item] {
    guard !shelves.isEmpty else { return [] }
    var gathered: [Item] = []
    var room = byteLimit
    let first = Int(turn % UInt64(shelves.count))
    for step in shelves.indices {
      let items = shelf(shelves[(first + step) % shelves.count])
      let start = step == 0 && !items.isEmpty ? Int(turn / UInt64(shelves.count) % UInt64(items.count)) : 0
      for item in items[start...] + items[..<start] {
        room -= size(item)
        guard room >= 0 || gathered.isEmpty else { return gathered }
        gathered.append(item)
      }
    }
    return gathered
  }
}
