/// What strace saw: calls in their order, each with the lines of the trace at which it began and ended.
struct SystemCallTrace {
  struct Call: CustomStringConvertible {
    let name: String
    /// As strace writes them, with the path of each descriptor in angle brackets.
    var arguments: String
    let began: Int
    /// Where it ended; another thread's calls may stand in between.
    var ended: Int

    var description: String { "\(name)(\(arguments.prefix(200)))" }
  }

  let calls: [Call]

  static let kinds = "pwrite64,pwritev,write,fsync,fdatasync,rename,renameat,renameat2,linkat,sendto,sendmsg,writev"

  /// - Parameter text: of `strace -f -y -o`: a thread's number, then the call.
  init(_ text: String) {
    var calls: [Call] = []
    /// The call that a thread has begun and not ended.
    var unfinished: [Substring: Int] = [:]
    for (number, line) in text.split(separator: "\n").enumerated() {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { continue }
      let (thread, rest) = (parts[0], parts[1].drop { $0 == " " })
      if rest.hasPrefix("<... ") {
        guard let begun = unfinished.removeValue(forKey: thread) else { continue }
        calls[begun].ended = number
        calls[begun].arguments += rest
      } else if let open = rest.firstIndex(of: "("), !rest.hasPrefix("---"), !rest.hasPrefix("+++") {
        let arguments = String(rest[rest.index(after: open)...])
        if rest.hasSuffix("<unfinished ...>") { unfinished[thread] = calls.count }
        calls.append(Call(name: String(rest[..<open]), arguments: arguments, began: number, ended: number))
      }
    }
    for open in unfinished.values { calls[open].ended = .max }
    self.calls = calls
  }

  func all(_ names: Set<String>, where fits: (String) -> Bool) -> [Call] {
    calls.filter { names.contains($0.name) && fits($0.arguments) }
  }

  func first(_ names: Set<String>, after line: Int, where fits: (String) -> Bool) -> Call? {
    calls.first { names.contains($0.name) && $0.began > line && fits($0.arguments) }
  }
}

/// Whether this machine lets one process watch another.
enum Strace {
  static let isUsable: Bool = {
    let probe = try? ChildProcess(["strace", "-o", "/dev/null", "true"])
    return probe?.ending(within: .seconds(60)) == .exit(0)
  }()
}
