import Glibc

/// What this machine lets tests do. Where it does not, the test is skipped; in CI a skip is a failure, so there it runs
/// and says what is missing.
enum Machine {
  static let isCI = getenv("CI") != nil
  static let isRoot = geteuid() == 0
  static var mayBeRoot: Bool { isRoot || isCI }

  /// Takes as many descriptors as the system lets this process have; how many that are.
  static func raiseDescriptorLimit() -> Int {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    guard getrlimit(resource, &limit) == 0 else { return 0 }
    limit.rlim_cur = limit.rlim_max
    guard setrlimit(resource, &limit) == 0 else { return 0 }
    return Int(clamping: limit.rlim_cur)
  }

  /// Runs a command that must succeed.
  static func run(_ command: String...) throws {
    let process = try ChildProcess(command)
    let end = try process.wait()
    guard end == .exit(0) else { throw Trouble("\(command): \(end) \(process.errors.complete())") }
  }
}

/// A small file system of its own in memory, gone with the last who holds it.
final class SmallDisk {
  let path: String
  private let folder: TemporaryFolder

  init(in folder: TemporaryFolder, megabytes: Int) throws {
    self.folder = folder
    path = folder("disk")
    guard mkdir(path, 0o755) == 0 else { throw Trouble(errno: "mkdir \(path)") }
    try Machine.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path)
  }

  func remount(_ option: String) throws { try Machine.run("mount", "-o", "remount,\(option)", path) }

  var freeBytes: Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return 0 }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  deinit {
    // A node that was killed a moment ago may still have a file open there: detached, it goes with it.
    umount2(path, Int32(MNT_DETACH))
  }
}
