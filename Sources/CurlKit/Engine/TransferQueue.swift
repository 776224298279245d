/// Whose turn it is: so many at once in all, so many of one key, the rest wait in the order in which they came.
///
/// Pure. Who waits does so because its key or the whole is full, so an end lets at most one of those who wait begin.
struct TransferQueue<Key: Hashable, Item: AnyObject> {
  enum Verdict: Equatable {
    case begins
    case waits
    case refused
  }

  private struct Waiting {
    let number: UInt64
    let item: Item
  }

  private let limit: Int
  private let limitPerKey: Int
  private let waitingLimit: Int
  private(set) var activeCount = 0
  private(set) var waitingCount = 0
  private var active: [Key: Int] = [:]
  private var lines: [Key: Line<Waiting>] = [:]
  private var number: UInt64 = 0

  init(limit: Int, limitPerKey: Int, waitingLimit: Int) {
    self.limit = max(1, limit)
    self.limitPerKey = max(1, limitPerKey)
    self.waitingLimit = waitingLimit
  }

  mutating func enter(_ item: Item, _ key: Key) -> Verdict {
    if hasRoom(for: key), lines[key] == nil {
      begin(key)
      return .begins
    }
    guard waitingCount < waitingLimit else { return .refused }
    number += 1
    waitingCount += 1
    lines[key, default: Line()].append(Waiting(number: number, item: item))
    return .waits
  }

  /// One of the key has ended. Returns who begins in its place.
  mutating func leave(_ key: Key) -> Item? {
    activeCount -= 1
    let count = active[key, default: 1] - 1
    active[key] = count > 0 ? count : nil
    guard !lines.isEmpty else { return nil }
    let candidates = lines.filter { hasRoom(for: $0.key) }
    guard let next = candidates.min(by: { $0.value.front.number < $1.value.front.number })?.key else { return nil }
    let item = lines[next]?.removeFirst().item
    if lines[next]?.isEmpty ?? false { lines[next] = nil }
    waitingCount -= 1
    begin(next)
    return item
  }

  /// Takes one who waits out of its line. False when it does not wait.
  mutating func remove(_ item: Item, _ key: Key) -> Bool {
    guard lines[key]?.remove(where: { $0.item === item }) ?? false else { return false }
    if lines[key]?.isEmpty ?? false { lines[key] = nil }
    waitingCount -= 1
    return true
  }

  mutating func removeAllWaiting() -> [Item] {
    defer {
      lines = [:]
      waitingCount = 0
    }
    return lines.values.flatMap { line in line.elements.map(\.item) }
  }

  private func hasRoom(for key: Key) -> Bool { activeCount < limit && active[key, default: 0] < limitPerKey }

  private mutating func begin(_ key: Key) {
    activeCount += 1
    active[key, default: 0] += 1
  }
}

/// First in, first out, over an array whose taken front is given back now and then.
private struct Line<Element> {
  private var storage: [Element] = []
  private var head = 0

  var isEmpty: Bool { head == storage.count }
  var front: Element { storage[head] }
  var elements: ArraySlice<Element> { storage[head...] }

  mutating func append(_ element: Element) { storage.append(element) }

  mutating func removeFirst() -> Element {
    defer {
      head += 1
      if head >= 64, head * 2 >= storage.count {
        storage.removeFirst(head)
        head = 0
      }
    }
    return storage[head]
  }

  mutating func remove(where isIt: (Element) -> Bool) -> Bool {
    guard let index = storage[head...].firstIndex(where: isIt) else { return false }
    storage.remove(at: index)
    return true
  }
}
