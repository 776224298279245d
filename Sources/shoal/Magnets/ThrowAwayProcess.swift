import CLinux
import Glibc

/// A child process for work that one would rather not do in one's own: it gets nothing but its arguments, says what it
/// found on its standard output, and is killed when it takes too long or says too much.
struct ThrowAwayProcess {
  let program: String
  let arguments: [String]
  var deadline: Duration
  var outputByteLimit: Int
  /// Asked a few times a second: nobody waits for the answer any more.
  var isUnwanted: @Sendable () -> Bool = { false }
  private static let looksEveryMilliseconds: Int64 = 200
  private let errorByteLimit = 4 << 10

  enum Failure: Error, Hashable {
    case late
    case talkative
    case unwanted
    /// How it ended, and what it said about that.
    case ended(code: Int32, words: String)
    case signal(Int32)
    case system(Int32)
  }

  init(program: String, arguments: [String], deadline: Duration, outputByteLimit: Int) {
    self.program = program
    self.arguments = arguments
    self.deadline = deadline
    self.outputByteLimit = outputByteLimit
  }

  /// Blocks until it has ended. Whatever happens, the process is gone and reaped on return.
  func run() throws(Failure) -> [UInt8] {
    // It may have waited for its turn for long.
    guard !isUnwanted() else { throw .unwanted }
    let (output, errors) = try pipes()
    defer { for end in [output.reading, errors.reading] { close(end) } }
    let pid: pid_t
    do {
      defer { for end in [output.writing, errors.writing] { close(end) } }
      pid = try spawn(output.writing, errors.writing)
    }
    let end = ContinuousClock.now + deadline
    var said = Said(output: output.reading, errors: errors.reading)
    let problem = listen(&said, until: end)
    if problem != nil { kill(pid, SIGKILL) }
    let status = try reap(pid, until: end)
    if let problem { throw problem }
    guard status.isLate == false else { throw .late }
    return try Self.judge(status.code, said)
  }

  // MARK: - Listening

  /// What came so far, and from where more may come.
  private struct Said {
    let output: Int32
    let errors: Int32
    var outputBytes: [UInt8] = []
    var errorBytes: [UInt8] = []
    var open: Set<Int32>

    init(output: Int32, errors: Int32) {
      (self.output, self.errors) = (output, errors)
      open = [output, errors]
    }
  }

  /// `nil`: both pipes came to their end.
  private func listen(_ said: inout Said, until end: ContinuousClock.Instant) -> Failure? {
    var room = [UInt8](repeating: 0, count: 64 << 10)
    while !said.open.isEmpty {
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else { return .late }
      guard !isUnwanted() else { return .unwanted }
      var watched = said.open.sorted().map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      let pause = Int32(min(left.wholeMilliseconds + 1, Self.looksEveryMilliseconds))
      let count = poll(&watched, nfds_t(watched.count), pause)
      let code = errno
      guard count >= 0 || code == EINTR else { return .system(code) }
      guard count > 0 else { continue }
      for entry in watched where entry.revents != 0 {
        let count = read(entry.fd, &room, room.count)
        let code = errno
        if count < 0, code == EINTR { continue }
        guard count >= 0 else { return .system(code) }
        if count == 0 { said.open.remove(entry.fd) }
        if let failure = take(room[..<count], from: entry.fd, &said) { return failure }
      }
    }
    return nil
  }

  private func take(_ bytes: ArraySlice<UInt8>, from end: Int32, _ said: inout Said) -> Failure? {
    guard end == said.output else {
      said.errorBytes += bytes.prefix(errorByteLimit - said.errorBytes.count)
      return nil
    }
    said.outputBytes += bytes
    return said.outputBytes.count > outputByteLimit ? .talkative : nil
  }

  // MARK: - Its life

  private static func judge(_ status: Int32, _ said: Said) throws(Failure) -> [UInt8] {
    let signal = status & 0x7F
    guard signal == 0 else { throw .signal(signal) }
    let code = (status >> 8) & 0xFF
    guard code == 0 else { throw .ended(code: code, words: String(decoding: said.errorBytes, as: UTF8.self)) }
    return said.outputBytes
  }

  /// It has closed its pipes, or was killed; one that lingers all the same is killed.
  private func reap(_ pid: pid_t, until end: ContinuousClock.Instant) throws(Failure) -> (code: Int32, isLate: Bool) {
    var isLate = false
    while true {
      var status: Int32 = 0
      let found = waitpid(pid, &status, isLate ? 0 : WNOHANG)
      let code = errno
      if found == pid { return (status, isLate) }
      guard found == 0 || code == EINTR else { throw .system(code) }
      if ContinuousClock.now >= end {
        isLate = true
        kill(pid, SIGKILL)
      } else {
        waitAMoment()
      }
    }
  }

  private func pipes() throws(Failure) -> ((reading: Int32, writing: Int32), (reading: Int32, writing: Int32)) {
    let first = try Self.pipe()
    do throws(Failure) {
      return (first, try Self.pipe())
    } catch {
      close(first.reading)
      close(first.writing)
      throw error
    }
  }

  private static func pipe() throws(Failure) -> (reading: Int32, writing: Int32) {
    var ends: [Int32] = [-1, -1]
    guard shoal_pipe(&ends) == 0 else { throw .system(errno) }
    return (ends[0], ends[1])
  }

  /// No descriptor but the three, no environment, no signal blocked.
  private func spawn(_ output: Int32, _ errors: Int32) throws(Failure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    shoal_spawn_closing_from(&actions, 3)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = sigset_t()
    sigemptyset(&mask)
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var environment: [UnsafeMutablePointer<CChar>?] = [nil]
    var pid: pid_t = 0
    let code = posix_spawn(&pid, program, &actions, &attributes, &words, &environment)
    guard code == 0 else { throw .system(code) }
    return pid
  }
}

extension Duration {
  fileprivate var wholeMilliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }
}
