import Glibc

/// What the `openssl` program says: another reader than our own.
enum OpenSSLProgram {
  /// Its output and errors, and whether it ended well.
  static func run(_ arguments: String) -> (text: String, isGood: Bool) {
    guard let pipe = popen("openssl \(arguments) 2>&1 </dev/null", "r") else { return ("", false) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4 << 10)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
    return (String(decoding: text, as: UTF8.self), pclose(pipe) == 0)
  }
}
