import Glibc

/// The signals that a node obeys. They are blocked in every thread and waited for in one, so no handler ever runs in the
/// middle of something else.
enum Signals {
  private static let obeyed = [SIGTERM, SIGINT, SIGHUP]

  /// Call before the first thread is made: threads inherit the mask.
  static func hold() {
    var set = obeyedSet()
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Blocks until one of them comes.
  static func wait() -> Int32 {
    var set = obeyedSet()
    var signal: Int32 = 0
    while sigwait(&set, &signal) != 0 {}
    return signal
  }

  private static func obeyedSet() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in obeyed { sigaddset(&set, signal) }
    return set
  }
}
