import Glibc
import RegistryCore

/// One thing that a release wrote, as it is checked in: `kind name hex`, a line each.
struct Written: Hashable {
  let kind: String
  let name: String
  let bytes: [UInt8]

  var line: String { "\(kind) \(name) \(Hex.encode(bytes))" }

  private struct Unreadable: Error {
    let what: String
  }

  /// What the releases wrote that had something new to write, the earliest first.
  static let releases = ["0.2.0"]

  static func all(by release: String, testFile: StaticString = #filePath) throws -> [Written] {
    let folder = "\(testFile)".split(separator: "/").dropLast().joined(separator: "/")
    let text = try text(of: "/\(folder)/Written/\(release).txt")
    return try text.split(separator: "\n").map { line in
      let parts = line.split(separator: " ", omittingEmptySubsequences: false)
      guard parts.count == 3, let bytes = Hex.decode(parts[2]) else { throw Unreadable(what: "\(line)") }
      return Written(kind: "\(parts[0])", name: "\(parts[1])", bytes: bytes)
    }
  }

  private static func text(of path: String) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Unreadable(what: path) }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
      count = max(0, read(file, buffer.baseAddress, buffer.count))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
