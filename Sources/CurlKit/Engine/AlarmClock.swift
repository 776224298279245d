/// What may be woken at an instant. One owner, one thread.
protocol Sleeper: AnyObject {
  /// The clock's own: where the sleeper stands in its heap, -1 when it does not.
  var alarmPlace: Int { get set }
  var alarm: UInt64 { get set }
}

/// Sleepers and their instants, the earliest first: a binary heap in which each knows its place, so that whoever ends early
/// leaves nothing behind.
struct AlarmClock<Subject: Sleeper> {
  private var heap: [Subject] = []

  var earliest: UInt64? { heap.first?.alarm }

  /// An alarm that rings too early is cheap, since its owner looks again; so one that only moves on is left where it is.
  mutating func set(_ subject: Subject, at instant: UInt64) {
    if subject.alarmPlace < 0 {
      guard instant < .max else { return }
      subject.alarm = instant
      subject.alarmPlace = heap.count
      heap.append(subject)
      rise(from: subject.alarmPlace)
    } else if instant < subject.alarm {
      subject.alarm = instant
      rise(from: subject.alarmPlace)
    }
  }

  mutating func remove(_ subject: Subject) {
    let place = subject.alarmPlace
    guard place >= 0 else { return }
    subject.alarmPlace = -1
    let last = heap.removeLast()
    guard last !== subject else { return }
    put(last, at: place)
    rise(from: place)
    sink(from: last.alarmPlace)
  }

  /// The earliest, if its instant has come. It has no alarm any more.
  mutating func popDue(_ now: UInt64) -> Subject? {
    guard let first = heap.first, first.alarm <= now else { return nil }
    remove(first)
    return first
  }

  private mutating func put(_ subject: Subject, at place: Int) {
    heap[place] = subject
    subject.alarmPlace = place
  }

  private mutating func rise(from start: Int) {
    var place = start
    let subject = heap[place]
    while place > 0 {
      let parent = (place - 1) / 2
      guard subject.alarm < heap[parent].alarm else { break }
      put(heap[parent], at: place)
      place = parent
    }
    put(subject, at: place)
  }

  private mutating func sink(from start: Int) {
    var place = start
    let subject = heap[place]
    while true {
      var child = 2 * place + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].alarm < heap[child].alarm { child += 1 }
      guard heap[child].alarm < subject.alarm else { break }
      put(heap[child], at: place)
      place = child
    }
    put(subject, at: place)
  }
}
