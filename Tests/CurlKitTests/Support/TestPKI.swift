import Glibc
import OpenSSLKit

/// Certificates made by the `openssl` program, in a folder that is removed with their owner.
final class TestPKI: Sendable {
  let folder: String
  /// The public half of the first server key, as DER of a SubjectPublicKeyInfo.
  let serverPublicKey: [UInt8]

  init() throws {
    var template = Array("/tmp/curlkit-test-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestFailure("no folder for certificates") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    try Self.run(
      folder,
      """
      for ca in ca other; do
        openssl req -x509 -newkey ed25519 -nodes -keyout $ca.key -out $ca.crt -days 2 -subj "/CN=$ca"
      done
      issue() {
        openssl req -new -newkey ed25519 -nodes -keyout $1.key -out $1.csr -subj "/CN=$1"
        printf '%s' "$3" > $1.ext
        openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial -days ${4:-2} -out $1.crt -extfile $1.ext
      }
      issue server ca "subjectAltName=DNS:localhost,IP:127.0.0.1"
      issue nameless ca "subjectAltName=DNS:elsewhere.test"
      issue client ca "subjectAltName=URI:test://client"
      issue stranger other "subjectAltName=URI:test://stranger"
      cat server.crt ca.crt > server-chain.crt
      openssl pkey -in server.key -pubout -outform DER -out server.spki
      """)
    serverPublicKey = try Self.read("\(folder)/server.spki")
  }

  deinit {
    guard let directory = opendir(folder) else { return }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      unlink("\(folder)/\(name)")
    }
    closedir(directory)
    rmdir(folder)
  }

  func path(_ name: String) -> String { "\(folder)/\(name)" }

  func pem(_ name: String) throws -> [UInt8] { try Self.read(path(name)) }

  /// For Wire.
  func context(_ name: String, chain: String? = nil, _ version: TLSVersion = .tls12) throws -> TLSContext {
    try TLSContext(certificatePath: path("\(chain ?? name).crt"), keyPath: path("\(name).key"), minimumVersion: version)
  }

  private static func run(_ folder: String, _ script: String) throws {
    guard let pipe = popen("cd \(folder) && set -e && { \(script)\n} >log 2>&1", "r") else {
      throw TestFailure("no shell")
    }
    guard pclose(pipe) == 0 else {
      throw TestFailure("openssl failed: \(String(decoding: try read("\(folder)/log"), as: UTF8.self))")
    }
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw TestFailure("no \(path)") }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes
  }
}
