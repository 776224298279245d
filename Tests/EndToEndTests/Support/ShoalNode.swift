import FoundationEssentials
import Glibc

/// A real `shoal serve` on loopback. It is killed when nobody holds it any more.
final class ShoalNode: Sendable {
  let folder: TemporaryFolder
  let data: String
  let port: UInt16
  /// Of the node itself, also when a wrapper such as strace was started.
  let pid: pid_t
  let process: ChildProcess

  struct Options: Sendable {
    /// By the key's name in the configuration; they go in by the environment.
    var settings: [String: String] = [:]
    var arguments: [String] = []
    /// Words before the command: strace, prlimit, setpriv.
    var wrapper: [String] = []
    var listen = "127.0.0.1:0"
    /// The data folder; else one in the temporary folder.
    var data: String?
  }

  /// Starts a node and waits until it says where it serves.
  init(in folder: TemporaryFolder, _ options: Options = Options()) throws {
    self.folder = folder
    data = options.data ?? folder("data")
    process = try Self.launch(data, options)
    let process = process
    guard let line = process.errors.line(where: { $0.contains("\"message\":\"serving\"") }) else {
      let end = try process.kill()
      throw Trouble("the node did not start (\(end)): \(process.errors.text)\(process.output.text)")
    }
    let said = try JSONDecoder().decode(Serving.self, from: Data(line.utf8))
    guard let colon = said.address.lastIndex(of: ":"), let port = UInt16(said.address[colon...].dropFirst()) else {
      throw Trouble("no port in \(said.address)")
    }
    (self.port, pid) = (port, said.pid)
  }

  /// `shoal serve` without waiting for anything.
  static func launch(_ data: String, _ options: Options = Options()) throws -> ChildProcess {
    let command = [ShoalBinary.path, "serve", "--data", data, "--listen", options.listen]
    return try ChildProcess(options.wrapper + command + options.arguments, environment: environment(options.settings))
  }

  static func environment(_ settings: [String: String]) -> [String: String] {
    var variables: [String: String] = [:]
    for (key, value) in settings { variables["SHOAL_" + key.replacing(".", with: "_").uppercased()] = value }
    return variables
  }

  private struct Serving: Decodable {
    let address: String
    let pid: pid_t
  }

  /// Gone before the folder goes: a node that still writes would leave files behind.
  deinit {
    process.signal(SIGKILL)
    _ = process.ending(within: .seconds(60))
  }

  // MARK: - Asking

  func connect(patience: Duration = .seconds(180)) throws -> HTTPConnection {
    try HTTPConnection(port: port, patience: patience)
  }

  /// One request on a connection of its own.
  func ask(_ method: String, _ target: String, _ fields: [(String, String)] = [], body: [UInt8] = []) throws
    -> HTTPAnswer
  {
    try connect().ask(method, target, fields, body: body)
  }

  // MARK: - Ending

  func kill() throws { try process.kill() }

  /// It stands still, and wakes without having noticed.
  func pause() { process.signal(SIGSTOP) }
  func wake() { process.signal(SIGCONT) }

  /// By SIGTERM; how it ended.
  @discardableResult
  func stop() throws -> ChildProcess.End {
    process.signal(SIGTERM)
    return try process.wait()
  }

  // MARK: - Looking at it

  /// What the runtime opens for its timers when they are first used, which may be after a test has begun to count.
  static let lateDescriptors = 4

  var descriptorCount: Int { TemporaryFolder.names(in: "/proc/\(pid)/fd").count }
  var stagedUploads: [String] { TemporaryFolder.names(in: data + "/staging/uploads") }

  /// Seconds of processor time so far.
  func processorSeconds() throws -> Double {
    let line = String(decoding: try contents(of: "/proc/\(pid)/stat"), as: UTF8.self)
    // The name may hold spaces; the fields are counted behind its closing parenthesis.
    guard let end = line.lastIndex(of: ")") else { throw Trouble("no stat of \(pid)") }
    let fields = line[end...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
      throw Trouble("no times in \(line)")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Resident memory in KiB.
  func residentKiB() throws -> Int {
    let text = String(decoding: try contents(of: "/proc/\(pid)/status"), as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    guard let number = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap({ Int($0) }) else {
      throw Trouble("no VmRSS of \(pid)")
    }
    return number
  }
}

extension ShoalNode {
  /// For the message of a test that waited for connections to end: how many sockets of its port stand in which state,
  /// both ends counted, and what each of its threads does.
  func whatItIsDoing() -> String {
    let suffix = ":" + String(port, radix: 16, uppercase: true)
    var sockets: [String: Int] = [:]
    for line in ((try? text(of: "/proc/net/tcp")) ?? "").split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 3 else { continue }
      if fields[1].hasSuffix(suffix) { sockets["node in state \(fields[3])", default: 0] += 1 }
      if fields[2].hasSuffix(suffix) { sockets["client in state \(fields[3])", default: 0] += 1 }
    }
    let threads = TemporaryFolder.names(in: "/proc/\(pid)/task").map { thread in
      let folder = "/proc/\(pid)/task/\(thread)/"
      let stat = (try? text(of: folder + "stat"))?.split(separator: ")").last?.split(separator: " ") ?? []
      let name = (try? text(of: folder + "comm").dropLast()) ?? "?"
      let place = (try? text(of: folder + "wchan")) ?? "?"
      return stat.count > 12 ? "\(name) \(stat[0]) ran \(stat[11])+\(stat[12]) waits in \(place)" : "\(name)"
    }
    return "\(descriptorCount) descriptors; \(sockets); \(threads)"
  }

  private func text(of path: String) throws -> String { String(decoding: try contents(of: path), as: UTF8.self) }
}

/// A fresh node for a test; ended when it returns.
func withNode<Result>(_ options: ShoalNode.Options = .init(), _ body: (ShoalNode) throws -> Result) throws -> Result {
  let node = try ShoalNode(in: TemporaryFolder(), options)
  defer { node.process.signal(SIGKILL) }
  return try body(node)
}

func withNode<Result>(settings: [String: String], _ body: (ShoalNode) throws -> Result) throws -> Result {
  var options = ShoalNode.Options()
  options.settings = settings
  return try withNode(options, body)
}
