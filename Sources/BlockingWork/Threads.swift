import CLinux
import Glibc

/// Starts a joinable thread. Names longer than the kernel's 15 bytes are cut.
public func startThread(named name: String, _ body: @escaping @Sendable () -> Void) -> pthread_t {
  let start = Unmanaged.passRetained(ThreadStart(name: name, body: body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, nil,
    { argument in
      let start = Unmanaged<ThreadStart>.fromOpaque(argument!).takeRetainedValue()
      _ = shoal_set_thread_name(String(decoding: start.name.utf8.prefix(15), as: UTF8.self))
      start.body()
      return nil
    }, start.toOpaque())
  precondition(code == 0, "pthread_create failed: \(String(cString: strerror(code)))")
  return thread
}

private final class ThreadStart: Sendable {
  let name: String
  let body: @Sendable () -> Void

  init(name: String, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.body = body
  }
}
