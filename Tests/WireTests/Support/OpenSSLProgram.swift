import Glibc

/// The `openssl` program: another reader, and another client, than our own.
enum OpenSSLProgram {
  /// - Parameter input: a shell's command whose output it reads.
  static func run(_ arguments: String, input: String = "true") -> (text: String, isGood: Bool) {
    guard let pipe = popen("exec 2>&1; \(input) | timeout 60 openssl \(arguments)", "r") else { return ("", false) }
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4 << 10)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { text += buffer[..<count] }
    return (String(decoding: text, as: UTF8.self), pclose(pipe) == 0)
  }
}

/// Small files for other programs.
enum TextFile {
  static func write(_ path: String, _ bytes: [UInt8]) throws {
    guard let file = fopen(path, "w") else { throw TemporaryFile.Failure() }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw TemporaryFile.Failure() }
  }

  static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw TemporaryFile.Failure() }
    defer { fclose(file) }
    return [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
      count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
  }
}
