import BlockingWork
import Glibc

/// A process that a test started. It is ended by its pid, at the latest when nobody holds it any more.
final class ChildProcess: Sendable {
  enum End: Equatable {
    case exit(Int32)
    case signal(Int32)
  }

  private enum State {
    case running
    case ended(End)
  }

  let pid: pid_t
  let output: Transcript
  let errors: Transcript
  private let state: Awaited<State>

  /// - Parameter command: the program, found by `PATH`, and its arguments.
  /// - Parameter environment: besides `PATH`, all that the process gets.
  init(_ command: [String], environment: [String: String] = [:]) throws {
    let output = try Pipe()
    let errors = try Pipe()
    pid = try Self.spawnForLife(command, environment, output.writing, errors.writing)
    close(output.writing)
    close(errors.writing)
    self.output = Transcript(reading: output.reading)
    self.errors = Transcript(reading: errors.reading)
    let state = Awaited(State.running)
    self.state = state
    let pid = pid
    pthread_detach(startThread(named: "reaper") { Self.reap(pid, state) })
  }

  deinit { signal(SIGKILL) }

  /// Does nothing when the process has ended: its pid may be another's by then.
  func signal(_ signal: Int32) {
    state.change { state in
      if case .running = state { Glibc.kill(pid, signal) }
    }
  }

  var hasEnded: Bool {
    state.change { state in
      if case .ended = state { true } else { false }
    }
  }

  /// How it ended. A process that is late is killed.
  @discardableResult
  func wait(within patience: Duration = .seconds(180)) throws -> End {
    if let end = ending(within: patience) { return end }
    signal(SIGKILL)
    throw Trouble("process \(pid) did not end within \(patience); it said: \(errors.text)\(output.text)")
  }

  /// `nil`: it still runs.
  func ending(within patience: Duration) -> End? {
    state.wait(within: patience) { state in
      if case .ended(let end) = state { end } else { nil }
    }
  }

  @discardableResult
  func kill() throws -> End {
    signal(SIGKILL)
    return try wait()
  }

  private static func reap(_ pid: pid_t, _ state: Awaited<State>) {
    var information = siginfo_t()
    while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 {
      guard errno == EINTR else { return }
    }
    // The pid is free for others only after this, and by then `signal` knows.
    state.change { state in
      var status: Int32 = 0
      waitpid(pid, &status, 0)
      state = .ended(status & 0x7f == 0 ? .exit((status >> 8) & 0xff) : .signal(status & 0x7f))
    }
  }

  /// A child dies with the thread that started it (`--pdeathsig`), so that a test run which crashes or is killed leaves
  /// no node behind. This thread lives as long as the run does.
  private static let spawner = BlockingPool(name: "spawner", threads: 1)

  private static func spawnForLife(
    _ command: [String], _ environment: [String: String], _ output: Int32, _ errors: Int32
  ) throws -> pid_t {
    let spawned = Awaited<Result<pid_t, any Error>?>(nil)
    spawner.submit {
      let result = Result {
        try spawn(["setpriv", "--pdeathsig", "KILL", "--"] + command, environment, output, errors)
      }
      spawned.change { $0 = result }
    }
    guard let result = spawned.wait(within: .seconds(60), { $0 }) else { throw Trouble("no process was started") }
    return try result.get()
  }

  private static func spawn(
    _ command: [String], _ environment: [String: String], _ output: Int32, _ errors: Int32
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var variables = environment
    variables["PATH"] = environment["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    var pid: pid_t = 0
    let code = withCStrings(command) { arguments in
      withCStrings(variables.map { "\($0)=\($1)" }) { variables in
        posix_spawnp(&pid, command[0], &actions, &attributes, arguments, variables)
      }
    }
    guard code == 0 else { throw Trouble("\(command[0]): \(String(cString: strerror(code)))") }
    return pid
  }
}

/// Both ends close on exec, so that a child holds none but the ones that are its output. A pair of sockets, since
/// Swift's Glibc does not show `pipe2` and a `pipe` could be inherited by a child that another test starts just then.
private struct Pipe {
  let reading: Int32
  let writing: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw Trouble(errno: "socketpair") }
    (reading, writing) = (ends[0], ends[1])
  }
}

private func withCStrings<Result>(
  _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws -> Result
) rethrows -> Result {
  let copies = texts.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return try body(copies + [nil])
}
