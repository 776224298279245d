import BlockingWork
import RegistryCore
import RegistryTesting

@testable import BlobStoreDisk

/// What must hold whenever a node starts again. Each function returns the violations that it saw.
enum CrashLaws {
  /// No name under `blobs/` has other bytes than it says.
  static func namesAreTrue(on disk: MemoryDisk) -> [String] {
    disk.everyFile().compactMap { path, node in
      let parts = path.split(separator: "/")
      guard parts.count == 6, parts[2] == "blobs" else { return parts.contains("blobs") ? "stray \(path)" : nil }
      guard let digest = try? Digest(parsing: "\(parts[3]):\(parts[5])"), parts[4] == digest.hex.prefix(2) else {
        return "stray \(path)"
      }
      return Digest.hashing(node.bytes, digest.algorithm) == digest ? nil : "\(path) has other bytes than its name says"
    }
  }

  /// All that was acknowledged is there and whole.
  static func acknowledgedIsThere(_ expectation: Expectation, in stores: DiskDataFolder) async throws -> [String] {
    var violations: [String] = []
    for (digest, bytes) in expectation.blobs {
      guard let reader = try await stores.blobs.open(digest) else {
        violations.append("acknowledged blob of \(bytes.count) bytes is gone")
        continue
      }
      if try await reader.read(from: 0, count: .max) != bytes { violations.append("acknowledged blob has other bytes") }
    }
    return violations + (try await shelfIsAsAcknowledged(expectation, in: stores))
  }

  private static func shelfIsAsAcknowledged(_ expectation: Expectation, in stores: DiskDataFolder)
    async throws -> [String]
  {
    let seen = Lock<[CrashHistory.Shelved: MediaType]>([:])
    try await stores.shelf.everyManifest { (repository, manifests) throws(RegistryError) in
      seen.withLock { seen in
        for manifest in manifests {
          seen[CrashHistory.Shelved(repository: repository, digest: manifest.digest)] = manifest.mediaType
        }
      }
    }
    let shelf = seen.withLock { $0 }
    return expectation.shelf.compactMap { entry, allowed in
      allowed.contains(shelf[entry])
        ? nil : "shelf entry of \(entry.repository) is \(shelf[entry]?.text ?? "gone") where \(allowed) may be"
    }
  }

  /// Every upload goes on to its blob, ends because its bytes are wrong, or is gone. What it becomes is noted in the
  /// life's history.
  static func uploadsGoOnOrAreGone(_ expectation: Expectation, in life: ObservedLife) async throws -> [String] {
    var violations: [String] = []
    for (key, bytes) in expectation.uploads {
      if let violation = try await goOn(with: key, to: bytes, in: life) { violations.append(violation) }
    }
    return violations
  }

  private static func goOn(with key: UploadKey, to bytes: [UInt8], in life: ObservedLife) async throws -> String? {
    let uploads = life.stores.uploads
    guard let sink = try await uploads.resume(key, algorithm: .sha256) else { return nil }
    guard sink.offset <= Int64(bytes.count) else { return "upload resumes at \(sink.offset) of \(bytes.count)" }
    try await sink.append(Array(bytes[Int(sink.offset)...]))
    let refusal = await refusal { () throws(RegistryError) in _ = try await sink.seal(as: .hashing(bytes)) }
    switch refusal?.code {
    case nil:
      life.history.note(.stored(.hashing(bytes), bytes))
      return nil
    case .digestInvalid:
      return try await uploads.discard(key) ? "upload with wrong bytes is still there" : nil
    default:
      return "upload ends with \(refusal!)"
    }
  }
}

/// The error that a call ends with; `nil`: it went through.
func refusal(_ call: () async throws(RegistryError) -> Void) async -> RegistryError? {
  do {
    try await call()
    return nil
  } catch {
    return error
  }
}
