import BlockingWork
import OpenSSLKit
import RegistryCore

/// Reads every blob of the store again and compares it with its name. Pulled step by step, so that whoever watches sets
/// the pace and a watcher that leaves ends it. A blob that is rotten is put aside: a later push of it heals.
public final class BlobVerification: @unchecked Sendable {
  // Unchecked: one watcher pulls, one step after the other.
  public enum Step: Sendable {
    case progress(BlobVerificationReport)
    case rotten(Digest)
    case finished(BlobVerificationReport)
  }

  private let ports: RegistryPorts
  private let gate: KeyedGate<Digest>
  private let quarantines: Bool
  private var report = BlobVerificationReport()
  private var shelvesLeft = Array(UInt8.min...UInt8.max)[...]
  private var pending: ArraySlice<StoredBlob> = []
  private var isFinished = false

  private static let pieceBytes = 1 << 20

  /// - Parameter quarantines: put rotten blobs aside; else only report them.
  init(_ ports: RegistryPorts, gate: KeyedGate<Digest>, quarantines: Bool) {
    self.ports = ports
    self.gate = gate
    self.quarantines = quarantines
  }

  /// One blob, or one shelf that had none; `nil` after `finished`.
  public func next() async throws(RegistryError) -> Step? {
    guard !isFinished else { return nil }
    if let blob = pending.popFirst() { return try await check(blob) }
    guard let shelf = shelvesLeft.popFirst() else {
      isFinished = true
      return .finished(report)
    }
    pending = try await ports.blobs.blobs(onShelf: shelf)[...]
    return .progress(report)
  }

  private func check(_ blob: StoredBlob) async throws(RegistryError) -> Step {
    // A blob that was deleted since it was listed has nothing to prove.
    guard let reader = try await ports.blobs.open(blob.digest) else { return .progress(report) }
    report.checkedBlobs += 1
    report.checkedBytes += reader.size
    guard try await isRotten(reader, blob.digest) else { return .progress(report) }
    let isStillRotten = try await gate.pass(blob.digest) { () async throws(RegistryError) in
      // A push may have healed it since: only what is rotten while nobody pushes it goes.
      guard let again = try await ports.blobs.open(blob.digest), try await isRotten(again, blob.digest) else {
        return false
      }
      if quarantines { try await putAside(blob.digest) }
      return true
    }
    guard isStillRotten else { return .progress(report) }
    report.rotten.append(blob.digest)
    return .rotten(blob.digest)
  }

  private func isRotten(_ reader: any BlobReader, _ digest: Digest) async throws(RegistryError) -> Bool {
    try await self.digest(of: reader, digest.algorithm) != digest
  }

  /// Names, then bytes: clients ask by HEAD first and push only what they are told is not here.
  private func putAside(_ digest: Digest) async throws(RegistryError) {
    while let repository = try await ports.content.holder(of: digest) {
      let outcome = try await ports.content.unlink(digest, from: repository, refusingNeeded: false)
      guard outcome == .unlinked else { break }
    }
    if try await ports.blobs.quarantine(digest) { report.quarantined += 1 }
  }

  private func digest(of reader: any BlobReader, _ algorithm: Digest.Algorithm) async throws(RegistryError) -> Digest {
    let hash = HashOfPieces(algorithm.function)
    var offset: Int64 = 0
    while offset < reader.size {
      let piece = try await reader.read(from: offset, count: Self.pieceBytes)
      guard !piece.isEmpty else { break }
      offset += Int64(piece.count)
      await ports.work.run { hash.update(piece) }
    }
    return Digest(algorithm: algorithm, hash: hash.finish())
  }
}

public struct BlobVerificationReport: Sendable {
  public var checkedBlobs = 0
  public var checkedBytes: Int64 = 0
  public var rotten: [Digest] = []
  public var quarantined = 0
}

/// A hash that several jobs, one after the other, add to.
private final class HashOfPieces: @unchecked Sendable {
  // Unchecked: the verification awaits each job before it gives the next.
  private var state: StreamingHash?

  init(_ function: StreamingHash.Function) { state = StreamingHash(function) }

  func update(_ piece: [UInt8]) { state?.update(piece) }

  func finish() -> [UInt8] {
    guard let hash = state.take() else { preconditionFailure("a hash is finished once") }
    return hash.finish()
  }
}
