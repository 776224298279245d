import Glibc

/// What the kernel knows about this process, under the names that every Prometheus client library uses.
extension MetricsRegistry {
  public func registerProcess() {
    counter("process_cpu_seconds_total", "Time on a processor, user and system.") {
      ProcessFacts.stat()?.cpuSeconds
    }
    gauge("process_resident_memory_bytes", "Memory in RAM.") { ProcessFacts.stat()?.residentBytes }
    gauge("process_virtual_memory_bytes", "Address space in use.") { ProcessFacts.stat()?.virtualBytes }
    gauge("process_threads", "Threads of the process.") { ProcessFacts.stat()?.threads }
    gauge("process_open_fds", "Open file descriptors.") { ProcessFacts.openDescriptors() }
    gauge("process_max_fds", "Limit of open file descriptors.") { ProcessFacts.descriptorLimit() }
    gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.") {
      ProcessFacts.startSeconds()
    }
  }
}

/// Readings of /proc. `nil` where it is not mounted or reads otherwise.
enum ProcessFacts {
  /// Fields of /proc/self/stat, counted as in proc(5).
  struct Stat: Equatable {
    let cpuSeconds: Double
    let threads: Double
    let startSecondsAfterBoot: Double
    let virtualBytes: Double
    let residentBytes: Double

    init?(text: String, ticksPerSecond: Double, pageBytes: Double) {
      // The name of the command (field 2) may hold blanks and parentheses: count from the last one.
      guard let end = text.lastIndex(of: ")") else { return nil }
      let fields = text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
      func field(_ number: Int) -> Double? { fields.count > number - 3 ? Double(fields[number - 3]) : nil }
      guard let user = field(14), let system = field(15), let threads = field(20), let start = field(22),
        let virtual = field(23), let resident = field(24)
      else { return nil }
      cpuSeconds = (user + system) / ticksPerSecond
      self.threads = threads
      startSecondsAfterBoot = start / ticksPerSecond
      virtualBytes = virtual
      residentBytes = resident * pageBytes
    }
  }

  static func stat() -> Stat? {
    guard let text = contents(of: "/proc/self/stat") else { return nil }
    return Stat(
      text: text, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))), pageBytes: Double(sysconf(Int32(_SC_PAGESIZE))))
  }

  static func startSeconds() -> Double? {
    guard let stat = stat(), let text = contents(of: "/proc/stat") else { return nil }
    let boot = text.split(separator: "\n").first { $0.hasPrefix("btime ") }
    return boot.flatMap { Double($0.dropFirst(6)) }.map { $0 + stat.startSecondsAfterBoot }
  }

  static func openDescriptors() -> Double? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Without "." and ".." and the descriptor of this very reading.
    return Double(count - 3)
  }

  static func descriptorLimit() -> Double? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
  }

  private static func contents(of path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    while true {
      let count = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { room in
        let count = read(file, room.baseAddress, room.count)
        if count > 0 { bytes.append(contentsOf: room[..<count]) }
        return count
      }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      guard count > 0 else { return nil }
    }
  }
}
