/// Instants and what is due then, the earliest first. A binary heap; one owner.
struct DeadlineHeap<Subject> {
  struct Entry {
    let deadline: UInt64
    let subject: Subject
  }

  private var entries: [Entry] = []

  init() {}

  var count: Int { entries.count }

  var earliest: UInt64? { entries.first?.deadline }

  mutating func insert(_ subject: Subject, at deadline: UInt64) {
    entries.append(Entry(deadline: deadline, subject: subject))
    var child = entries.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard entries[child].deadline < entries[parent].deadline else { return }
      entries.swapAt(child, parent)
      child = parent
    }
  }

  /// The earliest entry, if it is due.
  mutating func popDue(_ now: UInt64) -> Entry? {
    guard let first = entries.first, first.deadline <= now else { return nil }
    entries.swapAt(0, entries.count - 1)
    entries.removeLast()
    sink()
    return first
  }

  private mutating func sink() {
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < entries.count else { return }
      if child + 1 < entries.count, entries[child + 1].deadline < entries[child].deadline { child += 1 }
      guard entries[child].deadline < entries[parent].deadline else { return }
      entries.swapAt(child, parent)
      parent = child
    }
  }
}
