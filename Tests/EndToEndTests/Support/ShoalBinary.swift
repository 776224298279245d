import Glibc

/// The `shoal` that is tested: the one built beside this test bundle, or what `SHOAL_BINARY` names.
enum ShoalBinary {
  static let path: String = {
    if let named = getenv("SHOAL_BINARY") { return String(cString: named) }
    return bundleFolder + "/shoal"
  }()

  /// Where this code was loaded from. The test runner is another program elsewhere.
  private static let bundleFolder: String = {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let runner = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? runner
    return bundle.lastIndex(of: "/").map { String(bundle[..<$0]) } ?? "."
  }()
}
