/// What happens next, by time and then in the order in which it was planned: a binary heap.
struct EventQueue<Event> {
  private struct Entry {
    let time: Int64
    let turn: Int
    let event: Event

    func precedes(_ other: Entry) -> Bool { time != other.time ? time < other.time : turn < other.turn }
  }

  private var heap: [Entry] = []
  private var turns = 0

  var nextTime: Int64? { heap.first?.time }

  mutating func add(_ event: Event, at time: Int64) {
    turns += 1
    heap.append(Entry(time: time, turn: turns, event: event))
    var place = heap.count - 1
    while place > 0, heap[place].precedes(heap[(place - 1) / 2]) {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  mutating func take() -> (time: Int64, event: Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.time, first.event)
  }

  private mutating func sink() {
    var place = 0
    while true {
      let (left, right) = (place * 2 + 1, place * 2 + 2)
      var least = place
      if left < heap.count, heap[left].precedes(heap[least]) { least = left }
      if right < heap.count, heap[right].precedes(heap[least]) { least = right }
      guard least != place else { return }
      heap.swapAt(place, least)
      place = least
    }
  }
}
