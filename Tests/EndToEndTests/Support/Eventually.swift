import Glibc

/// For what no event tells, such as another process's count of descriptors: looks again and again until it holds.
func eventually(within patience: Duration = .seconds(120), _ holds: () throws -> Bool) rethrows -> Bool {
  let end = ContinuousClock.now + patience
  var nap = timespec(tv_sec: 0, tv_nsec: 10_000_000)
  while ContinuousClock.now < end {
    if try holds() { return true }
    nanosleep(&nap, nil)
  }
  return try holds()
}

extension HTTPConnection {
  /// Sends a byte whenever the pace has gone by, until the server has had enough. Returns how long that took.
  func trickle(_ byte: String, every pace: Duration, atMost limit: Duration) throws -> Duration {
    let begin = ContinuousClock.now
    let milliseconds = Int32(pace.components.seconds * 1000 + pace.components.attoseconds / 1_000_000_000_000_000)
    while ContinuousClock.now - begin < limit {
      var watched = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
      if poll(&watched, 1, milliseconds) > 0 { break }
      try send(byte)
    }
    return ContinuousClock.now - begin
  }
}
