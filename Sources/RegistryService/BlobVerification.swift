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
  private let quarantine: BlobQuarantine
  private let quarantines: Bool
  private var report = BlobVerificationReport()
  private var shelvesLeft = Array(UInt8.min...UInt8.max)[...]
  private var pending: ArraySlice<StoredBlob> = []
  private var isFinished = false

  /// - Parameter quarantines: put rotten blobs aside; else only report them.
  init(_ ports: RegistryPorts, _ quarantine: BlobQuarantine, quarantines: Bool) {
    self.ports = ports
    self.quarantine = quarantine
    self.quarantines = quarantines
  }

  /// One blob, or one shelf that had none; `nil` after `finished`.
  public func next() async throws(RegistryError) -> Step? {
    guard !isFinished else { return nil }
    if let blob = pending.popFirst() { return try await check(blob) }
    guard let shelf = shelvesLeft.popFirst() else {
      isFinished = true
      report.checkedShelves = Int(UInt8.max) + 1
      return .finished(report)
    }
    pending = try await ports.blobs.blobs(onShelf: shelf)[...]
    report.checkedShelves = Int(shelf)
    return .progress(report)
  }

  private func check(_ blob: StoredBlob) async throws(RegistryError) -> Step {
    switch try await BlobReading(ports: ports).run(blob.digest, for: nil) {
    // A blob that was deleted since it was listed has nothing to prove.
    case .absent: return .progress(report)
    case .sound:
      count(blob)
      return .progress(report)
    case .rotten:
      count(blob)
      guard try await quarantine.judge(blob.digest, putsAside: quarantines) else { return .progress(report) }
      report.rotten.append(blob.digest)
      if quarantines { report.quarantined += 1 }
      return .rotten(blob.digest)
    }
  }

  private func count(_ blob: StoredBlob) {
    report.checkedBlobs += 1
    report.checkedBytes += blob.size
  }
}

public struct BlobVerificationReport: Sendable {
  public var checkedBlobs = 0
  public var checkedBytes: Int64 = 0
  /// Of 256, which hold about as much each: how far it is.
  public var checkedShelves = 0
  public var rotten: [Digest] = []
  public var quarantined = 0
}
