import Glibc

/// The inputs that fuzzing has found worth keeping, under `Tests/Fuzz/corpus`.
enum SavedCorpus {
  struct Missing: Error {}

  static func inputs(_ name: String, testFile: StaticString = #filePath) throws -> [(name: String, bytes: [UInt8])] {
    let tests = "\(testFile)".split(separator: "/").dropLast(3).joined(separator: "/")
    let path = "/\(tests)/Fuzz/corpus/\(name)"
    guard let folder = opendir(path) else { throw Missing() }
    defer { closedir(folder) }
    var inputs: [(String, [UInt8])] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { inputs.append((name, try read("\(path)/\(name)"))) }
    }
    return inputs
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Missing() }
    defer { close(file) }
    return [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
    }
  }
}
